"""Sets of seats as integers: bit i is the seat of index i.

``joined`` is always the set of seats that have a neighbour before them: not the first of a row,
and no aisle between.
"""

from collections.abc import Iterable


def set_of(indexes: Iterable[int], size: int) -> int:
    """The set of the indexes, each below ``size``."""
    flags = bytearray(b"0" * size)
    for index in indexes:
        flags[index] = 49  # "1"
    return read_flags(flags.decode())


def read_flags(flags: str) -> int:
    """The set of the places where ``flags`` has a 1 and not a 0."""
    return int(flags[::-1] or "0", 2)


def write_flags(seats: int, size: int) -> str:
    """One character a seat, 1 for those of the set."""
    return f"{seats:0{size}b}"[::-1] if size else ""


def group_starts(free: int, joined: int, quantity: int) -> int:
    """The seats that begin a group of ``quantity`` free neighbours."""
    # Groups of a and of b seats make those of a + b: by doubling, log2(quantity) steps.
    found, length = 0, 0
    power, power_length = free, 1
    while True:
        if quantity & power_length:
            found = found & _follows(power, joined, length) if length else power
            length += power_length
        if length == quantity:
            return found
        power &= _follows(power, joined, power_length)
        power_length *= 2


def touching(marked: int, quantity: int) -> int:
    """The seats from which a group of ``quantity`` has at least one of the marked."""
    found = 0
    for offset in range(quantity):
        found |= marked >> offset
    return found


def stranding(free: int, joined: int, quantity: int) -> int:
    """The starts of groups that would leave exactly one free seat beside them, alone.

    Asked only about groups of free neighbours: the seat beside was then not alone before.
    """
    run_firsts = free & ~((free << 1) & joined)
    run_lasts = free & ~((free & joined) >> 1)
    left = (run_firsts << 1) & joined
    right = (run_lasts & joined) >> quantity
    return left | right


def runs(free: int, joined: int, size: int) -> list[range]:
    """The longest groups of free neighbours, in seat-map order."""
    run_firsts = write_flags(free & ~((free << 1) & joined), size)
    run_lasts = write_flags(free & ~((free & joined) >> 1), size)
    return [
        range(first, last + 1)
        for first, last in zip(_places(run_firsts), _places(run_lasts), strict=True)
    ]


def _follows(seats: int, joined: int, distance: int) -> int:
    """The seats whose ``distance``-th seat after is in the set, beside the one before it."""
    return (seats & joined) >> distance


def _places(flags: str) -> list[int]:
    found, at = [], flags.find("1")
    while at >= 0:
        found.append(at)
        at = flags.find("1", at + 1)
    return found
