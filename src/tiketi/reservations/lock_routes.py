"""Calls on locks: seats kept for a moment while their buyer decides."""

from uuid import UUID

from tiketi.events.api import EventCache, SaleNotOpen
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Routes
from tiketi.kernel.errors import NotFound
from tiketi.queue.api import QueuePassRequired
from tiketi.reservations import ordering
from tiketi.reservations.access import read_access
from tiketi.reservations.errors import AccessCodeRequired, LimitExceeded
from tiketi.reservations.schemas import LockBody, LockView
from tiketi.reservations.waiting_list.offers import admit_buyer
from tiketi.seats import api as seats
from tiketi.seats.api import LockLost, SeatMap, SeatMaps, SeatTaken

PASS_HEADER = "queue-pass"  # noqa: S105 # a header's name
routes = Routes("reservations")


@routes.post(
    "/locks",
    status=201,
    body=LockBody,
    answer=LockView,
    queue_pass=True,
    errors=(
        QueuePassRequired,
        AccessCodeRequired,
        NotFound,
        SeatTaken,
        SaleNotOpen,
        LimitExceeded,
    ),
)
async def lock_seats(call: Call[LockBody, None]) -> LockView:
    """Lock seats for a few seconds, all of them or none."""
    runtime, body = call.runtime, call.body
    queue_pass = call.request.headers.get(PASS_HEADER)
    admitted = await admit_buyer(runtime, call.actor, body.event_id, queue_pass, call.now)
    access = await read_access(runtime, admitted, body.access_code, call.now)
    plan = await ordering.plan_order(runtime, admitted.event, body.seat_ids, [], access)
    ordering.check_sale(plan.event, plan.quantity, call.now, access)
    if plan.seat_map is None:
        raise AssertionError("the body names a seat")
    lock = await seats.lock_seats(
        runtime, plan.seat_map, plan.seat_places, call.actor.user_id, opened=plan.opened
    )
    return LockView.of(lock)


@routes.put("/locks/{lock_id}", answer=LockView, errors=(LockLost,))
async def renew_lock(call: Call[None, None]) -> LockView:
    """Renew a lock, up to its maximum lifetime."""
    lock_id, user_id = call.path_id("lock_id"), call.actor.user_id
    seat_map = await _map_of_lock(call, lock_id)
    return LockView.of(await seats.renew_lock(call.runtime, seat_map, lock_id, user_id))


@routes.delete("/locks/{lock_id}")
async def release_lock(call: Call[None, None]) -> None:
    """Give a lock's seats back."""
    await seats.release_lock(call.runtime, call.path_id("lock_id"), call.actor.user_id)


async def _map_of_lock(call: Call[None, None], lock_id: UUID) -> SeatMap:
    record = await seats.find_own_lock(call.runtime, lock_id, call.actor.user_id)
    event = await call.runtime.one(EventCache).get(record.event_id)
    return await call.runtime.one(SeatMaps).get(event.id)
