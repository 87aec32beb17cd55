"""The call of the door."""

from tiketi.admin.checkins import check_in
from tiketi.admin.routes.table import routes
from tiketi.admin.schemas.checkins import CheckInBody, CheckInView
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access
from tiketi.kernel.errors import NotFound
from tiketi.tickets.api import AlreadyCheckedIn, TicketVoid


@routes.post(
    "/checkins",
    access=Access.CREW,
    body=CheckInBody,
    answer=CheckInView,
    errors=(NotFound, AlreadyCheckedIn, TicketVoid),
)
async def check_in_ticket(call: Call[CheckInBody, None]) -> CheckInView:
    """Let a ticket in, once: the next time 409 says when and at which gate it was.

    Organizers check in to their own events, staff and admins to all.
    """
    async with call.runtime.database.transaction() as tx:
        done = await check_in(tx, call.actor, call.body.code, gate=call.body.gate, now=call.now)
    return CheckInView.of(done)
