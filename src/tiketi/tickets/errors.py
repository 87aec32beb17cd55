"""What may go wrong at the door."""

from datetime import datetime

from tiketi.kernel.clock import rfc3339
from tiketi.kernel.errors import Kind, TiketiError


class AlreadyCheckedIn(TiketiError):
    code = "already_checked_in"
    kind = Kind.CONFLICT
    title = "The ticket was used before"

    def __init__(self, checked_in_at: datetime, gate: str | None) -> None:
        super().__init__(checked_in_at=rfc3339(checked_in_at), gate=gate)


class TicketVoid(TiketiError):
    code = "ticket_void"
    kind = Kind.CONFLICT
    title = "The ticket is void"
