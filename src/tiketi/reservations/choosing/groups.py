"""The groups of seats that a clerk would offer: neighbours, near the focal point, nobody stranded.

The rule about a lonely seat: a group may not leave exactly one free seat between itself and what
ends the free ones, a seat that is gone, an aisle or the row's end. It gives way where every group
left in reach breaks it, and in a section that is nearly sold out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tiketi.reservations.choosing.hall import Hall
from tiketi.reservations.choosing.seat_sets import (
    group_starts,
    stranding,
    touching,
    write_flags,
)
from tiketi.reservations.choosing.splitting import split_group
from tiketi.seats.api import SeatSection

# With this part of its seats left, or less, a section is better sold out than kept tidy.
NEARLY_SOLD_OUT = 0.02


@dataclass(frozen=True, slots=True)
class Ask:
    """``adjacent``: side by side, as far as any row is long enough for ``quantity``."""

    sections: tuple[SeatSection, ...]
    quantity: int
    adjacent: bool
    accessible: bool


def find_group(
    hall: Hall, free: int, ask: Ask, pick: Callable[[Iterator[range]], range | None]
) -> Sequence[int] | None:
    """The group of free seats for the ask, or None. ``pick`` takes one of several, best first.

    Accessible seats, and the companions' beside them, go only to those who ask for them; and
    whoever asks gets an accessible one, with other companions' seats beside it, or else ordinary
    ones.
    """
    worlds: list[tuple[int, int | None]]
    if ask.accessible:
        worlds = [(free & hall.reserved, hall.accessible), (free, hall.accessible)]
    else:
        worlds = [(free & ~hall.reserved, None)]
    for world, one_of in worlds:
        group = pick(together(hall, world, ask.sections, ask.quantity, one_of))
        if group is not None:
            return group
    if ask.adjacent and ask.quantity <= hall.longest(ask.sections):
        return None
    for world, one_of in worlds:
        split = split_group(hall, world, ask.sections, ask.quantity, one_of=one_of, pick=pick)
        if split is not None:
            return split
    return None


def together(
    hall: Hall, free: int, sections: Sequence[SeatSection], quantity: int, one_of: int | None
) -> Iterator[range]:
    """Free neighbours, no two groups with a seat in common: section by section in seat-map order,
    in each the nearest to its focal point first. Each has a seat of ``one_of``; None asks nothing.
    """
    starts = group_starts(free, hall.joined, quantity)
    if one_of is not None:
        starts &= touching(one_of, quantity)
    tidy = starts & ~stranding(free, hall.joined, quantity)
    allowed = [
        (section, starts if _is_nearly_sold_out(free, section) else tidy) for section in sections
    ]
    found = False
    for group in _in_order(hall, allowed, quantity):
        found = True
        yield group
    if not found:
        yield from _in_order(hall, [(section, starts) for section in sections], quantity)


def _in_order(
    hall: Hall, allowed: Sequence[tuple[SeatSection, int]], quantity: int
) -> Iterator[range]:
    flags, flagged = "", -1
    for section, starts in allowed:
        if not (starts >> section.first) & ((1 << section.size) - 1):
            continue
        if starts != flagged:
            flags, flagged = write_flags(starts, hall.size), starts
        offered: set[int] = set()
        for start in hall.order(section, quantity):
            if flags[start] == "1":
                group = range(start, start + quantity)
                if offered.isdisjoint(group):
                    offered.update(group)
                    yield group


def _is_nearly_sold_out(free: int, section: SeatSection) -> bool:
    left = (free >> section.first) & ((1 << section.size) - 1)
    return left.bit_count() <= NEARLY_SOLD_OUT * section.size
