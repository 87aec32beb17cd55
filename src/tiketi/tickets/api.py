"""The door of the tickets module."""

from tiketi.tickets.domain import Ticket, TicketOrder, TicketStatus
from tiketi.tickets.errors import AlreadyCheckedIn, TicketVoid
from tiketi.tickets.printing import TicketPrinter, TicketSheet
from tiketi.tickets.qr import QrCodes
from tiketi.tickets.service import (
    INVARIANTS,
    check_in,
    find_ticket,
    issue_tickets,
    list_tickets,
    look_up_tickets,
    void_tickets,
)

__all__ = [
    "INVARIANTS",
    "AlreadyCheckedIn",
    "QrCodes",
    "Ticket",
    "TicketOrder",
    "TicketPrinter",
    "TicketSheet",
    "TicketStatus",
    "TicketVoid",
    "check_in",
    "find_ticket",
    "issue_tickets",
    "list_tickets",
    "look_up_tickets",
    "void_tickets",
]
