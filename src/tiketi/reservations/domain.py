"""A reservation: what a buyer is buying, and the rules about it that need no store."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tiketi.kernel.ids import random_text
from tiketi.seats.api import Holding

NUMBER_CHARACTERS = 12  # 60 bits: a repeat would be refused by the unique index
SEATS_A_REQUEST_MAX = 100
QUANTITY_MAX = 1_000


class ReservationStatus(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Item:
    """One seat, or ``quantity`` places of a general tier."""

    tier_id: UUID
    unit_price_minor: int
    quantity: int = 1
    seat_index: int | None = None
    seat_id: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    id: UUID
    number: str
    event_id: UUID
    user_id: UUID
    status: ReservationStatus
    amount_minor: int
    currency: str
    items: tuple[Item, ...]
    expires_at: datetime
    extended: bool
    created_at: datetime
    confirmed_at: datetime | None

    @property
    def places(self) -> int:
        """Seats and general places together, as the account's limit counts them."""
        return sum(item.quantity for item in self.items)

    @property
    def seat_indexes(self) -> list[int]:
        return [item.seat_index for item in self.items if item.seat_index is not None]

    @property
    def holding(self) -> Holding:
        return Holding(self.id, self.event_id, self.seat_indexes, bool(self.general))

    @property
    def general(self) -> dict[UUID, int]:
        """General places by tier."""
        found: dict[UUID, int] = {}
        for item in self.items:
            if item.seat_index is None:
                found[item.tier_id] = found.get(item.tier_id, 0) + item.quantity
        return found


class ConfirmOutcome(StrEnum):
    """What a success of a payment came to. LOST: the places are gone, the money goes back."""

    CONFIRMED = "confirmed"
    ALREADY = "already"
    LOST = "lost"


def new_number() -> str:
    """A fresh reservation number, for people to read out."""
    return f"TK-{random_text(NUMBER_CHARACTERS)}"
