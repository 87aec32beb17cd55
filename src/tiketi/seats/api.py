"""What other modules may use of seats."""

from tiketi.seats.allotments import Allotment, AllotmentPage, Left, NewAllotment
from tiketi.seats.allotments_repository import count_left
from tiketi.seats.allotments_service import (
    create_allotment,
    get_allotment,
    list_allotment_seats,
    list_allotments,
    release_allotment,
    release_due,
)
from tiketi.seats.availability import Availability, read_availability
from tiketi.seats.availability_repository import read_states
from tiketi.seats.claims import INVARIANTS as CLAIM_INVARIANTS
from tiketi.seats.claims import (
    claim_places,
    list_changed_sold_out,
    release_places,
    sell_places,
)
from tiketi.seats.domain import Holding, SeatMap, SeatPlace, SeatRow, SeatSection
from tiketi.seats.drawing import tiers_of
from tiketi.seats.errors import (
    AllotmentNameTaken,
    LayoutInUse,
    LockLost,
    NoSeatsTogether,
    SeatTaken,
    SoldOut,
)
from tiketi.seats.layouts import LayoutRow, LayoutSeat, LayoutSection, SeatLayout
from tiketi.seats.layouts_service import (
    LayoutPage,
    LayoutSummary,
    create_layout,
    delete_layout,
    drop_map,
    get_layout,
    list_layouts,
    open_general,
    open_map,
    read_map,
    replace_layout,
)
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
from tiketi.seats.maps import MAP_INVARIANTS, SeatMaps

__all__ = [
    "CLAIM_INVARIANTS",
    "MAP_INVARIANTS",
    "Allotment",
    "AllotmentNameTaken",
    "AllotmentPage",
    "Availability",
    "Holding",
    "LayoutInUse",
    "LayoutPage",
    "LayoutRow",
    "LayoutSeat",
    "LayoutSection",
    "LayoutSummary",
    "Left",
    "LockLost",
    "NewAllotment",
    "NoSeatsTogether",
    "SeatLayout",
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
    "count_left",
    "create_allotment",
    "create_layout",
    "delete_layout",
    "drop_map",
    "find_own_lock",
    "get_allotment",
    "get_layout",
    "list_allotment_seats",
    "list_allotments",
    "list_changed_sold_out",
    "list_layouts",
    "lock_seats",
    "locked_indexes",
    "open_general",
    "open_map",
    "read_availability",
    "read_map",
    "read_states",
    "release_after_hold",
    "release_allotment",
    "release_due",
    "release_lock",
    "release_places",
    "renew_lock",
    "replace_layout",
    "sell_places",
    "tiers_of",
]
