"""Tickets on the wire."""

from uuid import UUID

from tiketi.infra.http.wire import View
from tiketi.tickets.domain import Ticket, TicketStatus


class TicketView(View):
    id: UUID
    code: str
    qr_svg: str
    seat_id: str | None
    tier_id: UUID
    status: TicketStatus

    @classmethod
    def of(cls, ticket: Ticket, qr_svg: str) -> "TicketView":
        return cls(
            id=ticket.id,
            code=ticket.code,
            qr_svg=qr_svg,
            seat_id=ticket.seat_id,
            tier_id=ticket.tier_id,
            status=ticket.status,
        )


class TicketsView(View):
    items: list[TicketView]
