"""Where the seats of a layout stand: one unit is the gap between two seats of a row.

The stage is above: x runs right, y away from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, radians, sin

from tiketi.admin.catalogue.models import Layout, Place, Section

AISLE_UNITS = 2.0
_DIGITS = 2


@dataclass(frozen=True, slots=True)
class PlannedSeat:
    number: int
    x: float
    y: float
    accessible: bool
    companion: bool


@dataclass(frozen=True, slots=True)
class PlannedRow:
    name: str
    seats: tuple[PlannedSeat, ...]


@dataclass(frozen=True, slots=True)
class PlannedSection:
    name: str
    title: str
    rows: tuple[PlannedRow, ...]


def capacity_of(layout: Layout) -> int:
    """How many seats, without making them."""
    return sum(sum(size for _, size in _row_sizes(section)) for section in layout.sections)


def labels_of(section: Section) -> Iterator[str]:
    """``ROW-NUMBER`` of every seat."""
    if isinstance(section.rows, list):
        for row in section.rows:
            if isinstance(row.seats, list):
                yield from (f"{row.name}-{seat.number}" for seat in row.seats)
            else:
                yield from (f"{row.name}-{number + 1}" for number in range(row.seats))
        return
    for name, size in _row_sizes(section):
        yield from (f"{name}-{number + 1}" for number in range(size))


def place_seats(layout: Layout) -> tuple[PlannedSection, ...]:
    """Every seat with its place; a section without one goes behind all before it, centred."""
    placed: list[PlannedSection] = []
    edge = 0.0
    for section in layout.sections:
        place = section.place or Place(x=0, y=edge, turn=0, curve=0)
        rows = tuple(_place_rows(section, place))
        placed.append(PlannedSection(section.name, section.title or section.name, rows))
        back = max(seat.y for row in rows for seat in row.seats)
        edge = max(edge, back + AISLE_UNITS)
    return tuple(placed)


def _row_sizes(section: Section) -> Iterator[tuple[str, int]]:
    if isinstance(section.rows, list):
        for row in section.rows:
            yield row.name, row.seats if isinstance(row.seats, int) else len(row.seats)
        return
    first = section.start_row or 1
    for index in range(section.rows):
        yield str(first + index), section.seats_per_row or 0


def _place_rows(section: Section, place: Place) -> Iterator[PlannedRow]:
    if isinstance(section.rows, list) and isinstance(section.rows[0].seats, list):
        for row in section.rows:
            assert isinstance(row.seats, list)
            yield PlannedRow(
                row.name, tuple(PlannedSeat(**seat.model_dump()) for seat in row.seats)
            )
        return
    accessible, companion = set(section.accessible), set(section.companion)
    for index, (name, size) in enumerate(_row_sizes(section)):
        seats = []
        for number in range(1, size + 1):
            label = f"{name}-{number}"
            x, y = _point(place, row=index, offset=number - (size + 1) / 2)
            seats.append(PlannedSeat(number, x, y, label in accessible, label in companion))
        yield PlannedRow(name, tuple(seats))


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
