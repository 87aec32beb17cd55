"""The bill as a picture: a bar for each line, idle over peak, as SVG without any library."""

from collections.abc import Sequence
from html import escape

from deploy.cost.bill import Line

WIDTH, LABEL_WIDTH, VALUE_WIDTH = 860, 150, 150
TOP, ROW, BAR = 64, 30, 16
IDLE_COLOUR, PEAK_COLOUR = "#1f5f8b", "#bcd3e3"


def chart(lines: Sequence[Line], title: str) -> str:
    """Bars to one linear scale; beside them are US dollars a month."""
    height = TOP + ROW * len(lines) + 16
    most = max(line.peak for line in lines)
    room = WIDTH - LABEL_WIDTH - VALUE_WIDTH - 20
    rows = [_row(line, TOP + place * ROW, room / most) for place, line in enumerate(lines)]
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    font = 'font-family="sans-serif" font-size="13"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>',
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            f'<text x="16" y="26" font-size="16" font-weight="bold">{escape(title)}</text>',
            _key(16, "idle", IDLE_COLOUR),
            _key(90, "at most, all the month", PEAK_COLOUR),
            *rows,
            "</svg>\n",
        )
    )


def _key(x: int, text: str, colour: str) -> str:
    return (
        f'<rect x="{x}" y="38" width="12" height="12" fill="{colour}"/>'
        f'<text x="{x + 18}" y="49">{escape(text)}</text>'
    )


def _row(line: Line, y: int, scale: float) -> str:
    peak, idle = line.peak * scale, line.idle * scale
    middle = y + BAR - 3
    return (
        f'<text x="{LABEL_WIDTH - 8}" y="{middle}" text-anchor="end">{escape(line.name)}</text>'
        f'<rect x="{LABEL_WIDTH}" y="{y}" width="{peak:.1f}" height="{BAR}" fill="{PEAK_COLOUR}"/>'
        f'<rect x="{LABEL_WIDTH}" y="{y}" width="{idle:.1f}" height="{BAR}" fill="{IDLE_COLOUR}"/>'
        f'<text x="{LABEL_WIDTH + max(peak, idle) + 8:.1f}" y="{middle}">'
        f"${line.idle:,.0f} to {line.peak:,.0f}</text>"
    )
