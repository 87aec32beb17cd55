"""What stays the same of a hall while its seats are sold: neighbours, and which are nearest."""

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable
from itertools import accumulate, pairwise
from operator import sub
from uuid import UUID

from tiketi.infra.runtime import Runtime
from tiketi.reservations.choosing.seat_sets import set_of
from tiketi.seats.api import SeatMap, SeatSection

# 12 bytes a seat for the sums, and 4 for each quantity that its section is asked for.
SEATS_MAX = 1_000_000
ORDERS_A_SEAT_MAX = 12


class Hall:
    """A seat map with what follows from it; a few milliseconds to make for 50,000 seats."""

    def __init__(self, seat_map: SeatMap) -> None:
        size = len(seat_map)
        assert len(seat_map.distances) == size, "each seat of a map has its distance"
        self.seat_map = seat_map
        self.size = size
        firsts = [row.first for section in seat_map.sections for row in section.rows]
        parted = sorted({*firsts, *seat_map.aisles})
        self.joined = ((1 << size) - 1) & ~set_of(parted, size)
        self.accessible = set_of(seat_map.accessible, size)
        self.reserved = self.accessible | set_of(seat_map.companion, size)
        self._row_firsts = firsts
        self._stretches = [range(*each) for each in pairwise([*parted, size])]
        self._stretch_firsts = parted
        self._sums = [0, *accumulate(seat_map.distances)]
        self._orders: dict[tuple[str, int], array[int]] = {}
        self._ordered = 0

    def distance(self, group: range) -> int:
        """The distances of the seats together; less is better among groups of one size."""
        return self._sums[group.stop] - self._sums[group.start]

    def row_number(self, index: int) -> int:
        """Counted over the hall, so that neighbouring rows have neighbouring numbers."""
        return bisect_right(self._row_firsts, index)

    def longest(self, sections: Iterable[SeatSection]) -> int:
        """The most seats side by side that the sections have."""
        return max((len(each) for s in sections for each in self._stretches_of(s)), default=0)

    def order(self, section: SeatSection, quantity: int) -> "array[int]":
        """Where a group may start in the section, the nearest to the focal point first."""
        key = section.name, quantity
        order = self._orders.get(key)
        if order is None:
            if self._ordered > ORDERS_A_SEAT_MAX * self.size:
                self._orders.clear()
                self._ordered = 0
            order = self._orders[key] = self._sort(section, quantity)
            self._ordered += len(order)
        return order

    def _sort(self, section: SeatSection, quantity: int) -> "array[int]":
        first, sums = section.first, self._sums
        distances = list(map(sub, sums[first + quantity : first + section.size + 1], sums[first:]))
        starts = [
            start
            for each in self._stretches_of(section)
            for start in range(each.start, each.stop - quantity + 1)
        ]
        starts.sort(key=lambda start: distances[start - first])
        return array("i", starts)

    def _stretches_of(self, section: SeatSection) -> list[range]:
        begin = bisect_right(self._stretch_firsts, section.first) - 1
        end = bisect_right(self._stretch_firsts, section.first + section.size - 1)
        return self._stretches[begin:end]


class Halls:
    """The halls that one process sells from, the last used of them."""

    def __init__(self, _runtime: Runtime) -> None:
        self._halls: OrderedDict[UUID, Hall] = OrderedDict()
        self._seats = 0

    def get(self, seat_map: SeatMap) -> Hall:
        """The hall of the map. A map that was only read again is the same hall still."""
        known = self._halls.pop(seat_map.event_id, None)
        if known is not None and not _is_same(known.seat_map, seat_map):
            self._seats -= known.size
            known = None
        if known is None:
            known = Hall(seat_map)
            self._seats += known.size
        self._halls[seat_map.event_id] = known
        while self._seats > SEATS_MAX and len(self._halls) > 1:
            _, gone = self._halls.popitem(last=False)
            self._seats -= gone.size
        return known


def _is_same(one: SeatMap, other: SeatMap) -> bool:
    return one is other or (
        one.seat_ids == other.seat_ids
        and one.distances == other.distances
        and one.aisles == other.aisles
        and one.accessible == other.accessible
        and one.companion == other.companion
    )
