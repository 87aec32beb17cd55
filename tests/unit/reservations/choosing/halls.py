"""Halls to choose in, and the rules once more, seat by seat and slowly."""

from collections.abc import Iterable, Sequence
from math import dist

from tiketi.kernel.ids import new_id
from tiketi.reservations.choosing.groups import Ask
from tiketi.reservations.choosing.hall import Hall
from tiketi.reservations.choosing.seat_sets import set_of
from tiketi.seats.api import SeatMap, SeatRow, SeatSection

TIER = new_id()


def make_hall(
    *sections: Sequence[int],
    aisles: Iterable[int] = (),
    accessible: Iterable[int] = (),
    companion: Iterable[int] = (),
) -> Hall:
    """A section for each list of row sizes; its seats stand in a grid, the rows centred."""
    made: list[SeatSection] = []
    distances: list[int] = []
    first = 0
    for number, sizes in enumerate(sections):
        rows, at = [], first
        for row, size in enumerate(sizes):
            rows.append(SeatRow(str(row + 1), at, range(1, size + 1)))
            at += size
            middle = (size - 1) / 2
            distances += [round(dist((seat, row), (middle, 0)) * 1000) for seat in range(size)]
        name = chr(ord("A") + number)
        made.append(SeatSection(name, name, TIER, first, at - first, tuple(rows)))
        first = at
    return Hall(
        SeatMap(
            new_id(),
            1,
            tuple(made),
            accessible=frozenset(accessible),
            companion=frozenset(companion),
            distances=distances,
            aisles=frozenset(aisles),
        )
    )


def ask_for(hall: Hall, quantity: int, *, adjacent: bool = True, accessible: bool = False) -> Ask:
    return Ask(hall.seat_map.sections, quantity, adjacent, accessible)


def as_set(hall: Hall, free: Iterable[int]) -> int:
    return set_of(free, hall.size)


def stretches(hall: Hall) -> list[range]:
    """Seats side by side, end to end: rows as far as aisles let them be one."""
    found: list[range] = []
    for section in hall.seat_map.sections:
        for row in section.rows:
            start = row.first
            for index in row.indexes[1:]:
                if index in hall.seat_map.aisles:
                    found.append(range(start, index))
                    start = index
            found.append(range(start, row.indexes.stop))
    return found


def every_group(hall: Hall, free: set[int], quantity: int) -> list[range]:
    """All groups of free neighbours."""
    return [
        range(start, start + quantity)
        for each in stretches(hall)
        for start in each[: max(0, len(each) - quantity + 1)]
        if free.issuperset(range(start, start + quantity))
    ]


def lonely(hall: Hall, free: set[int]) -> set[int]:
    """The free seats without a free neighbour."""
    return {
        index
        for each in stretches(hall)
        for index in each
        if index in free
        and not (index - 1 in each and index - 1 in free)
        and not (index + 1 in each and index + 1 in free)
    }


def strands(hall: Hall, free: set[int], group: Sequence[int]) -> bool:
    """Whether taking the group leaves a seat alone that was not alone before."""
    return bool(lonely(hall, free - set(group)) - lonely(hall, free))
