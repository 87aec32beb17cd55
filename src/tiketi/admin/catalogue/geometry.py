"""Where the seats of a layout stand: one unit is the gap between two seats of a row.

The stage is above: x runs right, y away from it.
"""

from collections.abc import Iterator
from math import cos, radians, sin

from tiketi.admin.catalogue.counting import row_sizes
from tiketi.admin.catalogue.models import Layout, Place, Section
from tiketi.seats.api import LayoutRow, LayoutSeat, LayoutSection

AISLE_UNITS = 2.0
# As far as the seats module counts; what is longer is written out.
COUNTED_ROWS_MAX = 200
COUNTED_SEATS_PER_ROW_MAX = 1_000
_DIGITS = 2


def place_sections(layout: Layout) -> tuple[LayoutSection, ...]:
    """The sections, as the seats module keeps them; without a place one goes behind all before it.

    A section of rows all alike stays a count, which that module places in the same way.
    """
    placed: list[LayoutSection] = []
    edge = 0.0
    for section in layout.sections:
        if _is_plain(section):
            placed.append(_counted(section))
            assert isinstance(section.rows, int)
            edge += section.rows - 1 + AISLE_UNITS
            continue
        place = section.place or Place(x=0, y=edge, turn=0, curve=0)
        rows = tuple(_place_rows(section, place))
        placed.append(
            LayoutSection(
                name=section.name,
                title=section.title,
                rows=rows,
                price_minor=section.price,
                focal_point=_focus(section),
            )
        )
        back = max(seat.y for row in rows for seat in row.seats)
        edge = max(edge, back + AISLE_UNITS)
    return tuple(placed)


def _is_plain(section: Section) -> bool:
    """Whether a count says it all, within what the seats module counts."""
    marked = section.place or section.accessible or section.companion
    if marked or isinstance(section.rows, list):
        return False
    if section.rows > COUNTED_ROWS_MAX or section.seats_per_row is None:
        return False
    return section.seats_per_row <= COUNTED_SEATS_PER_ROW_MAX


def _counted(section: Section) -> LayoutSection:
    assert isinstance(section.rows, int)
    return LayoutSection(
        name=section.name,
        title=section.title,
        rows=section.rows,
        seats_per_row=section.seats_per_row,
        start_row=section.start_row or 1,
        price_minor=section.price,
        focal_point=_focus(section),
    )


def _focus(section: Section) -> tuple[float, float] | None:
    point = section.focal_point
    return (point.x, point.y) if point is not None else None


def _place_rows(section: Section, place: Place) -> Iterator[LayoutRow]:
    if isinstance(section.rows, list) and isinstance(section.rows[0].seats, list):
        for row in section.rows:
            assert isinstance(row.seats, list)
            yield LayoutRow(row.name, tuple(LayoutSeat(**dict(seat)) for seat in row.seats))
        return
    accessible, companion = set(section.accessible), set(section.companion)
    for index, (name, size) in enumerate(row_sizes(section)):
        seats = []
        for number in range(1, size + 1):
            label = f"{name}-{number}"
            x, y = _point(place, row=index, offset=number - (size + 1) / 2)
            seats.append(LayoutSeat(number, x, y, label in accessible, label in companion))
        yield LayoutRow(name, tuple(seats))


def _point(place: Place, *, row: int, offset: float) -> tuple[float, float]:
    """The point of a seat ``offset`` seats right of the middle of a row, as the map shows it."""
    if place.curve:
        # Rows are arcs about a point above the first one; seats keep their gap along the arc.
        radius = place.curve + row
        across, away = radius * sin(offset / radius), radius * cos(offset / radius) - place.curve
    else:
        across, away = offset, float(row)
    turn = radians(place.turn)
    x = place.x + across * cos(turn) - away * sin(turn)
    y = place.y + across * sin(turn) + away * cos(turn)
    # Adding zero turns -0.0 into 0.0.
    return round(x, _DIGITS) + 0.0, round(y, _DIGITS) + 0.0
