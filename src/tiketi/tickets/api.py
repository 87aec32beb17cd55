"""The door of the tickets module."""

from tiketi.tickets.domain import Ticket, TicketOrder, TicketStatus
from tiketi.tickets.errors import AlreadyCheckedIn, TicketVoid
from tiketi.tickets.rendering import show_tickets
from tiketi.tickets.schemas import TicketsView, TicketView
from tiketi.tickets.service import (
    INVARIANTS,
    check_in,
    find_ticket,
    issue_tickets,
    list_tickets,
    void_tickets,
)

__all__ = [
    "INVARIANTS",
    "AlreadyCheckedIn",
    "Ticket",
    "TicketOrder",
    "TicketStatus",
    "TicketView",
    "TicketVoid",
    "TicketsView",
    "check_in",
    "find_ticket",
    "issue_tickets",
    "list_tickets",
    "show_tickets",
    "void_tickets",
]
