"""What is near and what is beside what, in a section: measured once, when its map is drawn."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import dist
from statistics import median_low

from tiketi.seats.domain import SeatSection
from tiketi.seats.layouts import LayoutRow, LayoutSeat, LayoutSection

Point = tuple[float, float]

# Distances are whole thousandths of a unit, so that equally near seats are exactly equal.
THOUSANDTHS = 1000
# Neighbours this much further apart than is usual in their section have an aisle between them.
AISLE_FACTOR = 1.5


def focal_point(section: LayoutSection, rows: Sequence[LayoutRow]) -> Point:
    """The point that the section names, else the middle of its front row."""
    if section.focal_point is not None:
        return section.focal_point
    seats = rows[0].seats
    left, right = seats[(len(seats) - 1) // 2], seats[len(seats) // 2]
    return (left.x + right.x) / 2, (left.y + right.y) / 2


def measure_distances(section: LayoutSection, rows: Sequence[LayoutRow]) -> list[int]:
    """How far each seat is from the focal point, in thousandths of a unit, in seat-map order.

    Where all seats stand at one point they have no coordinates: rows and numbers are counted.
    """
    points = [_point(seat) for row in rows for seat in row.seats]
    if len(points) > 1 and len(set(points)) == 1:
        return _count_distances([len(row.seats) for row in rows])
    focus = focal_point(section, rows)
    return [round(dist(point, focus) * THOUSANDTHS) for point in points]


def find_aisles(rows: Sequence[LayoutRow]) -> Iterator[int]:
    """The seats, counted over the section, that an aisle parts from the seat before in the row."""
    gaps: list[tuple[int, float]] = []
    at = 0
    for row in rows:
        for offset, (left, right) in enumerate(pairwise(row.seats), start=1):
            gaps.append((at + offset, dist(_point(left), _point(right))))
        at += len(row.seats)
    usual = median_low([gap for _, gap in gaps]) if gaps else 0.0
    if usual > 0:
        yield from (index for index, gap in gaps if gap > AISLE_FACTOR * usual)


def count_distances(sections: Sequence[SeatSection]) -> list[int]:
    """The same for a map without coordinates: a row, or a number, is one unit."""
    found: list[int] = []
    for section in sections:
        found += _count_distances([len(row.numbers) for row in section.rows])
    return found


def _count_distances(sizes: Sequence[int]) -> list[int]:
    return [
        round(dist((number, row), ((size - 1) / 2, 0)) * THOUSANDTHS)
        for row, size in enumerate(sizes)
        for number in range(size)
    ]


def _point(seat: LayoutSeat) -> Point:
    return seat.x, seat.y
