"""Which seats a buyer asks for, given what they last saw."""

import random
from collections.abc import Collection

from tiketi.cli.simulate.house import AVAILABLE, Seat, Snapshot, Taste

# A buyer looks at so many free seats before choosing; the rest of a big house is out of sight.
LOOKED_AT_MAX = 24


def choose_seats(
    snapshot: Snapshot,
    *,
    taste: Taste,
    party: int,
    avoid: Collection[int],
    rng: random.Random,
) -> list[Seat]:
    """Up to ``party`` free seats, side by side if the first ones in sight allow it.

    ``avoid`` are places known to be taken since the snapshot. Empty when nothing is free.
    """
    seen = _free_seats(snapshot, taste, avoid, rng)
    for start in range(len(seen) - party + 1):
        run = seen[start : start + party]
        if _side_by_side(run):
            return run
    return seen[:party]


def _free_seats(
    snapshot: Snapshot, taste: Taste, avoid: Collection[int], rng: random.Random
) -> list[Seat]:
    """The first free seats in the taste's order; ANYWHERE begins at a random one and goes round."""
    order = snapshot.house.orders[taste]
    states = snapshot.in_order(taste)
    begin = rng.randrange(len(order)) if taste is Taste.ANYWHERE else 0
    found: list[Seat] = []
    for low, high in ((begin, len(order)), (0, begin)):
        at = states.find(AVAILABLE, low, high)
        while at >= 0 and len(found) < LOOKED_AT_MAX:
            if order[at] not in avoid:
                found.append(snapshot.house.seats[order[at]])
            at = states.find(AVAILABLE, at + 1, high)
    return found


def _side_by_side(seats: list[Seat]) -> bool:
    """One row, no gap. The order within does not matter."""
    columns = sorted(seat.column for seat in seats)
    rows = {(seat.section, seat.row) for seat in seats}
    return len(rows) == 1 and columns[-1] - columns[0] == len(seats) - 1
