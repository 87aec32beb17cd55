"""What other modules may use of seats."""

from tiketi.seats.claims import INVARIANTS as CLAIM_INVARIANTS
from tiketi.seats.claims import (
    claim_places,
    list_available_in_tiers,
    list_changed_sold_out,
    release_places,
    sell_places,
)
from tiketi.seats.domain import SeatMap, SeatPlace, SeatRow, SeatSection
from tiketi.seats.errors import LockLost, NoSeatsTogether, SeatTaken, SoldOut
from tiketi.seats.locks import (
    SeatLock,
    check_locks,
    find_own_lock,
    lock_seats,
    locked_indexes,
    release_after_hold,
    release_lock,
    renew_lock,
)
from tiketi.seats.maps import SeatMaps

__all__ = [
    "CLAIM_INVARIANTS",
    "LockLost",
    "NoSeatsTogether",
    "SeatLock",
    "SeatMap",
    "SeatMaps",
    "SeatPlace",
    "SeatRow",
    "SeatSection",
    "SeatTaken",
    "SoldOut",
    "check_locks",
    "claim_places",
    "find_own_lock",
    "list_available_in_tiers",
    "list_changed_sold_out",
    "lock_seats",
    "locked_indexes",
    "release_after_hold",
    "release_lock",
    "release_places",
    "renew_lock",
    "sell_places",
]
