"""Calls on reservations."""

from functools import partial
from typing import Any
from uuid import UUID

from tiketi.events.api import SaleNotOpen
from tiketi.infra.http.call import Answer, Call
from tiketi.infra.http.routes import Routes
from tiketi.infra.http.wire import Page, decode_cursor, encode_cursor
from tiketi.infra.idempotency import RefusedAnew, once_by_key
from tiketi.infra.idempotency_store import Key
from tiketi.kernel.errors import NotFound
from tiketi.queue import api as queue
from tiketi.queue.api import QueuePassRequired
from tiketi.reservations import best, claiming, ending, lock_routes, ordering, reading
from tiketi.reservations.access import read_access
from tiketi.reservations.domain import Reservation
from tiketi.reservations.errors import (
    AccessCodeRequired,
    AccessCodeUsedUp,
    LimitExceeded,
    NotConfirmed,
    RefundNotAllowed,
    ReservationExpired,
)
from tiketi.reservations.lock_routes import PASS_HEADER
from tiketi.reservations.schemas import (
    BestAvailableBody,
    ReservationsQuery,
    ReservationView,
    ReserveBody,
    TicketsView,
    TicketView,
)
from tiketi.reservations.waiting_list import routes as waiting_list_routes
from tiketi.reservations.waiting_list.offers import Admitted, admit_buyer
from tiketi.seats import api as seats
from tiketi.seats.api import LockLost, NoSeatsTogether, SeatTaken, SoldOut
from tiketi.tickets.api import QrCodes, TicketPrinter

routes = Routes(
    "reservations", [*lock_routes.routes.endpoints, *waiting_list_routes.routes.endpoints]
)


def _render(reservation: Reservation) -> bytes:
    return ReservationView.of(reservation).model_dump_json().encode()


async def _admit(call: Call[Any, Any], event_id: UUID) -> Admitted:
    queue_pass = call.request.headers.get(PASS_HEADER)
    return await admit_buyer(call.runtime, call.actor, event_id, queue_pass, call.now)


async def _is_own(call: Call[Any, Any]) -> None:
    await reading.look_up_own(call.runtime, call.path_id("reservation_id"), call.actor.user_id)


@routes.post(
    "",
    status=201,
    body=ReserveBody,
    answer=ReservationView,
    queue_pass=True,
    idempotent=True,
    errors=(
        QueuePassRequired,
        AccessCodeRequired,
        NotFound,
        SeatTaken,
        SoldOut,
        LimitExceeded,
        SaleNotOpen,
        LockLost,
        AccessCodeUsedUp,
    ),
)
async def reserve(call: Call[ReserveBody, None]) -> Answer:
    """Reserve seats and general places, all of them or none."""
    runtime, body, user_id = call.runtime, call.body, call.actor.user_id

    async def plan() -> ordering.Plan:
        admitted = await _admit(call, body.event_id)
        event = admitted.event
        access = await read_access(runtime, admitted, body.access_code, call.now)
        general = [ordering.GeneralWish(wish.tier_id, wish.quantity) for wish in body.general]
        return await ordering.plan_order(runtime, event, body.seat_ids, general, access)

    async def decide(key: Key) -> bytes:
        planned = await plan()
        has_locks = await ordering.check_order(runtime, planned, user_id, body.lock_id, call.now)
        held = await claiming.hold_order(
            runtime, planned, user_id, now=call.now, key=key, render=_render
        )
        if has_locks:
            await seats.release_after_hold(runtime, planned.event.id, planned.seat_places, user_id)
        return held

    find = partial(claiming.find_key, runtime)
    with queue.measure_holds(runtime):
        return await once_by_key(call, plan, decide, find, status=201)


@routes.post(
    "/best-available",
    status=201,
    body=BestAvailableBody,
    answer=ReservationView,
    queue_pass=True,
    idempotent=True,
    errors=(
        QueuePassRequired,
        AccessCodeRequired,
        NotFound,
        NoSeatsTogether,
        LimitExceeded,
        SaleNotOpen,
        AccessCodeUsedUp,
    ),
)
async def reserve_best_available(call: Call[BestAvailableBody, None]) -> Answer:
    """Reserve the best seats that are free, side by side unless asked otherwise."""
    runtime, body = call.runtime, call.body

    async def plan() -> best.Search:
        admitted = await _admit(call, body.event_id)
        return await best.plan_search(
            runtime,
            admitted.event,
            best.Wish(body.quantity, body.tier_id, body.section, body.adjacent, body.accessible),
            await read_access(runtime, admitted, body.access_code, call.now),
        )

    async def decide(key: Key) -> bytes:
        search = await plan()
        ordering.check_sale(search.event, body.quantity, call.now, search.access)
        user_id = call.actor.user_id
        for tried in range(best.TRIES_MAX):
            planned = await best.choose(runtime, search, user_id, tried=tried)
            try:
                return await claiming.hold_order(
                    runtime, planned, user_id, now=call.now, key=key, render=_render
                )
            except RefusedAnew as refused:
                if not isinstance(refused.refusal, SeatTaken):
                    raise
                # Somebody was faster: look again.
        raise RefusedAnew(NoSeatsTogether())

    find = partial(claiming.find_key, runtime)
    with queue.measure_holds(runtime):
        return await once_by_key(call, plan, decide, find, status=201)


@routes.get("", query=ReservationsQuery, answer=Page[ReservationView])
async def list_reservations(call: Call[None, ReservationsQuery]) -> Page[ReservationView]:
    """One's own reservations, newest first."""
    query = call.query
    before = decode_cursor(query.cursor, UUID)[0] if query.cursor is not None else None
    async with call.runtime.database.latest() as reader:
        found = await reading.list_own(
            reader,
            call.actor.user_id,
            before=before if isinstance(before, UUID) else None,
            status=query.status,
            event_id=query.event_id,
            limit=query.limit + 1,
        )
    shown = found[: query.limit]
    more = len(found) > query.limit
    return Page(
        items=[ReservationView.of(reservation) for reservation in shown],
        next_cursor=encode_cursor(shown[-1].id) if more else None,
    )


@routes.get("/{reservation_id}", answer=ReservationView)
async def get_reservation(call: Call[None, None]) -> ReservationView:
    """One of one's own reservations."""
    reservation_id, user_id = call.path_id("reservation_id"), call.actor.user_id
    return ReservationView.of(await reading.look_up_own(call.runtime, reservation_id, user_id))


@routes.post(
    "/{reservation_id}/cancel",
    answer=ReservationView,
    guard=_is_own,
    errors=(ReservationExpired, RefundNotAllowed),
)
async def cancel_reservation(call: Call[None, None]) -> ReservationView:
    """Cancel a reservation: a pending one at once, a paid one as the refund policy says."""
    async with call.runtime.database.transaction() as tx:
        cancelled = await ending.cancel_reservation(
            tx, call.path_id("reservation_id"), call.actor.user_id, call.now
        )
    return ReservationView.of(cancelled)


@routes.get("/{reservation_id}/tickets", answer=TicketsView, errors=(NotConfirmed,))
async def list_tickets(call: Call[None, None]) -> TicketsView:
    """The tickets of a confirmed reservation, with their QR codes."""
    found = await reading.look_up_own_tickets(
        call.runtime, call.path_id("reservation_id"), call.actor.user_id
    )
    codes = call.runtime.one(QrCodes)
    return TicketsView(
        items=[TicketView.of(ticket, await codes.svg(ticket.code)) for ticket in found]
    )


@routes.get("/{reservation_id}/tickets.pdf", answer="application/pdf", errors=(NotConfirmed,))
async def print_tickets(call: Call[None, None]) -> Answer:
    """The tickets of a confirmed reservation to print, a page each."""
    async with call.runtime.database.latest() as reader:
        sheet = await reading.get_own_sheet(
            reader, call.path_id("reservation_id"), call.actor.user_id
        )
    return Answer(
        await call.runtime.one(TicketPrinter).print(sheet),
        media_type="application/pdf",
        headers=(
            (b"cache-control", b"no-store"),
            (
                b"content-disposition",
                f'inline; filename="{sheet.reservation_number}.pdf"'.encode(),
            ),
        ),
    )
