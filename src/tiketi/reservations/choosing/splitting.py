"""A party that does not sit in one row, or need not: as few groups as can be, beside each other."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from tiketi.reservations.choosing.hall import Hall
from tiketi.reservations.choosing.seat_sets import runs
from tiketi.seats.api import SeatSection

# Of a hall in crumbs so many of the longest runs are looked at: more than a party has people.
RUNS_MAX = 400


def split_group(
    hall: Hall,
    free: int,
    sections: Sequence[SeatSection],
    quantity: int,
    *,
    one_of: int | None,
    pick: Callable[[Iterator[range]], range | None],
) -> Sequence[int] | None:
    """``quantity`` free seats in the fewest groups of neighbours, or None when fewer are free.

    All in one section, that with the fewest groups, the first of several; over more sections only
    where none has enough. One of the seats is of ``one_of``; None asks for nothing. ``pick`` takes
    one of the runs where the first group may be, best first; the others are added near it.
    """
    every = runs(free, hall.joined, hall.size)
    parties = [_Party(hall, _inside(every, each), quantity, one_of) for each in sections]
    possible = [party for party in parties if party.anchors]
    if not possible:
        wide = [run for each in sections for run in _inside(every, each)]
        possible = [_Party(hall, wide, quantity, one_of)]
    party = min(possible, key=lambda each: each.groups)
    anchor = pick(iter(party.anchors))
    return None if anchor is None else party.seat_from(anchor)


def _inside(every: Sequence[range], section: SeatSection) -> Sequence[range]:
    begin = bisect_left(every, section.first, key=lambda run: run.start)
    return every[begin : bisect_left(every, section.first + section.size, key=lambda r: r.start)]


@dataclass(slots=True)
class _Near:
    """A run, and how many rows it is from the nearest group already chosen."""

    run: range
    rows_away: int


class _Party:
    """``anchors``: the runs that the first of ``groups`` groups may be in, the nearest first."""

    def __init__(
        self, hall: Hall, free: Sequence[range], quantity: int, one_of: int | None
    ) -> None:
        self._hall, self._quantity, self._one_of = hall, quantity, one_of
        self._runs = sorted(free, key=lambda run: (-len(run), self._nearness(run)))[:RUNS_MAX]
        self.groups = 0
        self.anchors: list[range] = []
        if sum(map(len, self._runs)) < quantity:
            return
        wanted = [run for run in free if self._has_one(run)] if one_of is not None else self._runs
        wanted = sorted(wanted, key=self._nearness)[:RUNS_MAX]
        while wanted and not self.anchors:
            self.groups += 1
            sums = _sums(self._runs)
            self.anchors = [
                run for run in wanted if _suffices(run, quantity, self._runs, sums, self.groups)
            ]

    def seat_from(self, anchor: range) -> list[int]:
        """The party with its first group in the run."""
        chosen = self._window(anchor, self._quantity, self._one_of)
        seated, groups = list(chosen), self.groups
        rest = [_Near(run, self._hall.size) for run in self._runs if run != anchor]
        while len(seated) < self._quantity:
            row, groups = self._hall.row_number(chosen.start), groups - 1
            for each in rest:
                away = abs(self._hall.row_number(each.run.start) - row)
                each.rows_away = min(each.rows_away, away)
            left = self._quantity - len(seated)
            others = [each.run for each in rest]
            sums = _sums(others)
            nearest = min(
                (each for each in rest if _suffices(each.run, left, others, sums, groups)),
                key=lambda each: (each.rows_away, self._nearness(each.run)),
            )
            rest.remove(nearest)
            chosen = self._window(nearest.run, left, None)
            seated += chosen
        return seated

    def _window(self, run: range, quantity: int, one_of: int | None) -> range:
        """The part of the run nearest to the focal point, if it can be with nobody left alone."""
        take = min(len(run), quantity)
        windows = [range(start, start + take) for start in run[: len(run) - take + 1]]
        if one_of is not None:
            windows = [each for each in windows if self._has_one(each)]
        return min(
            windows,
            key=lambda each: (
                each.start - run.start == 1 or run.stop - each.stop == 1,
                self._hall.distance(each),
            ),
        )

    def _has_one(self, group: range) -> bool:
        marked = self._one_of or 0
        return bool((marked >> group.start) & ((1 << len(group)) - 1))

    def _nearness(self, run: range) -> float:
        return self._hall.distance(run) / len(run)


def _sums(by_length: Sequence[range]) -> list[int]:
    """How many seats the longest 0, 1, 2… runs have together."""
    return [0, *accumulate(map(len, by_length))]


def _suffices(
    run: range, quantity: int, by_length: Sequence[range], sums: Sequence[int], groups: int
) -> bool:
    """Whether the run and the longest others, ``groups`` in all, seat the quantity."""
    others = min(groups - 1, len(by_length))
    is_among_them = others > 0 and len(run) >= len(by_length[others - 1])
    most = sums[min(groups, len(by_length))] if is_among_them else sums[others] + len(run)
    return most >= quantity
