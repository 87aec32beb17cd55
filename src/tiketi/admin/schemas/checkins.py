"""A check-in on the wire."""

from typing import Annotated
from uuid import UUID

from tiketi.admin.checkins import CheckIn
from tiketi.infra.http.wire import Body, Moment, Name, View, text
from tiketi.tickets.api import TicketStatus


class CheckInBody(Body):
    code: Annotated[str, text(64)]
    gate: Name | None = None


class CheckInView(View):
    """``holder_name`` null: the account was erased."""

    id: UUID
    code: str
    status: TicketStatus
    seat_id: str | None
    tier_id: UUID
    tier_name: str | None
    event_id: UUID
    event_title: str
    reservation_number: str
    holder_name: str | None
    checked_in_at: Moment | None
    gate: str | None

    @classmethod
    def of(cls, done: CheckIn) -> "CheckInView":
        ticket = done.ticket
        return cls(
            id=ticket.id,
            code=ticket.code,
            status=ticket.status,
            seat_id=ticket.seat_id,
            tier_id=ticket.tier_id,
            tier_name=done.tier.name if done.tier else None,
            event_id=done.event.id,
            event_title=done.event.title,
            reservation_number=done.reservation_number,
            holder_name=done.holder_name,
            checked_in_at=ticket.checked_in_at,
            gate=ticket.gate,
        )
