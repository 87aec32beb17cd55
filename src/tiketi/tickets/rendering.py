"""Tickets made ready to be shown."""

from collections.abc import Sequence

from tiketi.infra.runtime import Runtime
from tiketi.tickets.domain import Ticket
from tiketi.tickets.qr import QrCodes
from tiketi.tickets.schemas import TicketsView, TicketView


async def show_tickets(runtime: Runtime, tickets: Sequence[Ticket]) -> TicketsView:
    """The tickets with their QR symbols."""
    codes = runtime.one(QrCodes)
    symbols = [await codes.svg(ticket.code) for ticket in tickets]
    return TicketsView(
        items=[
            TicketView.of(ticket, symbol) for ticket, symbol in zip(tickets, symbols, strict=True)
        ]
    )
