"""Calls on reservations as the crew sees them."""

from typing import Any
from uuid import UUID

from tiketi.admin.access import get_managed_event, scope_of
from tiketi.admin.routes.table import routes
from tiketi.admin.schemas.reservations import (
    PaymentView,
    RefundBody,
    ReservationsQuery,
    ReservationView,
)
from tiketi.admin.search import find_reservations, require_managed_reservation
from tiketi.admin.search_repository import Wanted
from tiketi.admin.trail import record
from tiketi.infra.http.call import Answer, Call
from tiketi.infra.http.routes import Access
from tiketi.infra.http.wire import Page, decode_cursor, encode_cursor
from tiketi.infra.idempotency import Remember, once
from tiketi.kernel.errors import NotFound
from tiketi.payments import api as payments
from tiketi.payments.api import ProviderAway, RefundExceedsCaptured, RefundRefused
from tiketi.reservations.api import RefundNotAllowed


async def _is_managed(call: Call[Any, Any]) -> None:
    async with call.runtime.database.latest() as reader:
        await require_managed_reservation(reader, call.actor, call.path_id("reservation_id"))


@routes.get(
    "/reservations",
    access=Access.CREW,
    query=ReservationsQuery,
    answer=Page[ReservationView],
    errors=(NotFound,),
)
async def search_reservations(call: Call[None, ReservationsQuery]) -> Page[ReservationView]:
    """Find reservations, the newest first: an organizer's own events', else all.

    `q` is a number or a seat id, or how an e-mail address or a name begins.
    """
    query = call.query
    before = None if query.cursor is None else decode_cursor(query.cursor, UUID)[0]
    wanted = Wanted(
        query=query.q.strip(),
        status=query.status,
        event_id=query.event_id,
        organizer_id=scope_of(call.actor),
        before=before if isinstance(before, UUID) else None,
    )
    async with call.runtime.database.latest() as reader:
        if query.event_id is not None:
            await get_managed_event(reader, call.actor, query.event_id)
        found = await find_reservations(reader, wanted, query.limit + 1)
    shown = found[: query.limit]
    return Page(
        items=[ReservationView.of(each) for each in shown],
        next_cursor=encode_cursor(shown[-1].reservation.id) if len(found) > query.limit else None,
    )


@routes.post(
    "/reservations/{reservation_id}/refund",
    access=Access.ORGANIZER,
    body=RefundBody,
    answer=PaymentView,
    guard=_is_managed,
    idempotent=True,
    errors=(RefundExceedsCaptured, RefundNotAllowed, RefundRefused, ProviderAway),
)
async def refund_reservation(call: Call[RefundBody, None]) -> Answer:
    """Send the money of a reservation back at any time, all that is left or a part.

    All of it voids the tickets and returns the places; a part leaves them. One that nothing was
    paid for: 404.
    """
    runtime, body = call.runtime, call.body
    reservation_id = call.path_id("reservation_id")

    async def plan() -> None:
        """The guard has looked."""

    async def decide(_planned: None, remember: Remember) -> Answer:
        payment = await payments.refund_reservation(
            runtime,
            reservation_id,
            call.actor,
            body.amount,
            body.reason,
            request_key=call.request.headers["idempotency-key"],
        )
        # The refund itself is on record with the payment; the trail follows in the next breath.
        async with runtime.database.transaction() as tx:
            detail = {"payment_id": payment.id, "amount": body.amount, "reason": body.reason}
            await record(
                tx,
                call.actor,
                "reservation.refund",
                reservation_id,
                now=call.now,
                detail=detail,
            )
            return await remember(tx, PaymentView.of(payment))

    return await once(call, plan, decide, status=200)
