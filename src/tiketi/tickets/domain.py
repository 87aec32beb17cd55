"""A ticket: one a seat, one a general place."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tiketi.kernel.ids import random_text

CODE_CHARACTERS = 26  # 130 bits: nobody guesses one


class TicketStatus(StrEnum):
    VALID = "valid"
    USED = "used"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Ticket:
    id: UUID
    code: str
    reservation_id: UUID
    event_id: UUID
    user_id: UUID
    tier_id: UUID
    seat_id: str | None
    status: TicketStatus
    checked_in_at: datetime | None
    gate: str | None


@dataclass(frozen=True, slots=True)
class TicketOrder:
    """What one item of a reservation asks for: ``quantity`` tickets, 1 for a seat."""

    reservation_id: UUID
    event_id: UUID
    user_id: UUID
    position: int
    tier_id: UUID
    seat_id: str | None
    quantity: int


def new_code() -> str:
    """An unguessable ticket code."""
    return random_text(CODE_CHARACTERS)
