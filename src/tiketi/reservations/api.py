"""The door of the reservations module."""

from tiketi.reservations.confirming import (
    check_payable,
    confirm_reservation,
    confirm_reservations,
    extend_holds,
    lock_reservations,
)
from tiketi.reservations.domain import ConfirmOutcome, Item, Reservation, ReservationStatus
from tiketi.reservations.ending import (
    REFUND_DUE,
    cancel_reservation,
    mark_refunded,
    release_cancelled_events,
)
from tiketi.reservations.errors import (
    LimitExceeded,
    NotConfirmed,
    RefundNotAllowed,
    ReservationCancelled,
    ReservationConfirmed,
    ReservationExpired,
)
from tiketi.reservations.invariants import INVARIANTS
from tiketi.reservations.reading import (
    count_buyers,
    get_own,
    get_reservation,
    list_reservations,
    look_up,
)
from tiketi.reservations.repository import read_statuses

__all__ = [
    "INVARIANTS",
    "REFUND_DUE",
    "ConfirmOutcome",
    "Item",
    "LimitExceeded",
    "NotConfirmed",
    "RefundNotAllowed",
    "Reservation",
    "ReservationCancelled",
    "ReservationConfirmed",
    "ReservationExpired",
    "ReservationStatus",
    "cancel_reservation",
    "check_payable",
    "confirm_reservation",
    "confirm_reservations",
    "count_buyers",
    "extend_holds",
    "get_own",
    "get_reservation",
    "list_reservations",
    "lock_reservations",
    "look_up",
    "mark_refunded",
    "read_statuses",
    "release_cancelled_events",
]
