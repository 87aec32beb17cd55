"""A hall as its organizer describes it, checked and turned into rows of seats.

One unit of a coordinate is the gap between two seats of a row. The stage is above: x runs to the
right, y away from it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from uuid import UUID

from tiketi.kernel.errors import Invalid
from tiketi.kernel.money import AMOUNT_MINOR_MAX

SEATS_MAX = 100_000
SECTIONS_MAX = 500
ROWS_MAX = 200
SEATS_PER_ROW_MAX = 1_000
LISTED_ROWS_MAX = 1_000
NUMBER_MAX = 9_999
COORDINATE_MAX = 100_000
AISLE_UNITS = 2.0
ERRORS_MAX = 20
SECTION_NAME = re.compile(r"[A-Z0-9]{1,12}")
ROW_NAME = re.compile(r"[A-Z0-9]{1,8}")

Loc = tuple[str | int, ...]
Finding = tuple[Loc, str]


@dataclass(frozen=True, slots=True)
class LayoutSeat:
    number: int
    x: float
    y: float
    accessible: bool = False
    companion: bool = False


@dataclass(frozen=True, slots=True)
class LayoutRow:
    name: str
    seats: tuple[LayoutSeat, ...]


@dataclass(frozen=True, slots=True)
class LayoutSection:
    """``rows`` is how many, all of ``seats_per_row`` from number ``start_row`` on; or each row.

    ``price_minor`` has no currency: it is in that of the event. None: each event says its own.
    ``focal_point`` is where the section's best seats are; None: the middle of its front row.
    """

    name: str
    rows: int | tuple[LayoutRow, ...]
    seats_per_row: int | None = None
    price_minor: int | None = None
    title: str | None = None
    start_row: int = 1
    focal_point: tuple[float, float] | None = None

    @property
    def size(self) -> int:
        if isinstance(self.rows, int):
            return self.rows * (self.seats_per_row or 0)
        return sum(len(row.seats) for row in self.rows)


@dataclass(frozen=True, slots=True)
class SeatLayout:
    """``owner_id`` None is the house's own, which every organizer may use."""

    id: UUID
    owner_id: UUID | None
    name: str
    sections: tuple[LayoutSection, ...]
    created_at: datetime
    updated_at: datetime

    @property
    def capacity(self) -> int:
        return sum(section.size for section in self.sections)

    def is_seen_by(self, user_id: UUID) -> bool:
        return self.owner_id in (None, user_id)


def expand_sections(sections: Sequence[LayoutSection]) -> Iterator[tuple[LayoutRow, ...]]:
    """The rows of each section. A counted one stands behind all before it, centred."""
    edge = 0.0
    for section in sections:
        rows = section.rows
        placed = tuple(_count_rows(section, edge)) if isinstance(rows, int) else rows
        yield placed
        edge = max(edge, max(seat.y for row in placed for seat in row.seats) + AISLE_UNITS)


def check_sections(sections: Sequence[LayoutSection]) -> None:
    """Invalid, naming each mistake below ``body.sections``."""
    errors = [
        {"loc": ["body", "sections", *loc], "msg": message, "type": "value_error"}
        for loc, message in _findings(sections)
    ]
    if errors:
        raise Invalid(errors=errors[:ERRORS_MAX])


def _count_rows(section: LayoutSection, edge: float) -> Iterator[LayoutRow]:
    assert isinstance(section.rows, int)
    assert section.seats_per_row is not None
    numbers = range(1, section.seats_per_row + 1)
    middle = (section.seats_per_row + 1) / 2
    for offset in range(section.rows):
        yield LayoutRow(
            name=str(section.start_row + offset),
            seats=tuple(LayoutSeat(number, number - middle, edge + offset) for number in numbers),
        )


def _findings(sections: Sequence[LayoutSection]) -> Iterator[Finding]:
    if not 1 <= len(sections) <= SECTIONS_MAX:
        yield (), f"has 1 to {SECTIONS_MAX} sections"
        return
    for index in _repeated([section.name for section in sections]):
        yield (index, "name"), "another section has this name"
    for index, section in enumerate(sections):
        if not SECTION_NAME.fullmatch(section.name):
            yield (index, "name"), "is 1 to 12 of A-Z and 0-9"
        if section.price_minor is not None and not 0 <= section.price_minor <= AMOUNT_MINOR_MAX:
            yield (index, "price"), f"lies between 0 and {AMOUNT_MINOR_MAX}"
        for value in section.focal_point or ():
            if not isfinite(value) or abs(value) > COORDINATE_MAX:
                message = f"lies between -{COORDINATE_MAX} and {COORDINATE_MAX}"
                yield (index, "focal_point"), message
        check = _counted if isinstance(section.rows, int) else _listed
        for loc, message in check(section):
            yield (index, *loc), message
    if sum(section.size for section in sections) > SEATS_MAX:
        yield (), f"has at most {SEATS_MAX} seats in all"


def _counted(section: LayoutSection) -> Iterator[Finding]:
    assert isinstance(section.rows, int)
    if not 1 <= section.rows <= ROWS_MAX:
        yield ("rows",), f"lies between 1 and {ROWS_MAX}"
    if section.seats_per_row is None:
        yield ("seats_per_row",), "is required with a count of rows"
    elif not 1 <= section.seats_per_row <= SEATS_PER_ROW_MAX:
        yield ("seats_per_row",), f"lies between 1 and {SEATS_PER_ROW_MAX}"
    if not 1 <= section.start_row <= NUMBER_MAX:
        yield ("start_row",), f"lies between 1 and {NUMBER_MAX}"


def _listed(section: LayoutSection) -> Iterator[Finding]:
    rows = section.rows
    assert not isinstance(rows, int)
    if section.seats_per_row is not None or section.start_row != 1:
        yield ("rows",), "is a count where seats_per_row or start_row is given"
    if not 1 <= len(rows) <= LISTED_ROWS_MAX:
        yield ("rows",), f"has 1 to {LISTED_ROWS_MAX} rows"
    for index in _repeated([row.name for row in rows]):
        yield ("rows", index, "name"), "another row of the section has this name"
    for index, row in enumerate(rows):
        if not ROW_NAME.fullmatch(row.name):
            yield ("rows", index, "name"), "is 1 to 8 of A-Z and 0-9"
        if not row.seats:
            yield ("rows", index, "seats"), "has at least one seat"
        for loc, message in _seats(row):
            yield ("rows", index, "seats", *loc), message


def _seats(row: LayoutRow) -> Iterator[Finding]:
    for index in _repeated([seat.number for seat in row.seats]):
        yield (index, "number"), "another seat of the row has this number"
    for index, seat in enumerate(row.seats):
        if not 1 <= seat.number <= NUMBER_MAX:
            yield (index, "number"), f"lies between 1 and {NUMBER_MAX}"
        for name, value in (("x", seat.x), ("y", seat.y)):
            if not isfinite(value) or abs(value) > COORDINATE_MAX:
                yield (index, name), f"lies between -{COORDINATE_MAX} and {COORDINATE_MAX}"


def _repeated(names: Sequence[str | int]) -> list[int]:
    """The indexes of the names that stand before already."""
    if len(set(names)) == len(names):
        return []
    seen: Counter[str | int] = Counter()
    repeated = []
    for index, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            repeated.append(index)
    return repeated
