"""Use cases on allotments, each on record; never with the code."""

from datetime import datetime
from uuid import UUID

from tiketi.admin.access import get_managed_event
from tiketi.admin.trail import record
from tiketi.events.api import AccessCodes, EventCancelled, EventEnded, EventStatus
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor
from tiketi.seats import api as seats
from tiketi.seats.api import Allotment, NewAllotment


async def create_allotment(
    tx: Tx, runtime: Runtime, actor: Actor, event_id: UUID, new: NewAllotment, *, now: datetime
) -> Allotment:
    """Keep places back. NotFound, EventCancelled, EventEnded, SeatTaken, SoldOut,
    AllotmentNameTaken, Invalid.
    """
    event = await get_managed_event(tx, actor, event_id)
    match event.status(now):
        case EventStatus.CANCELLED:
            raise EventCancelled
        case EventStatus.ENDED:
            raise EventEnded
    allotment = await seats.create_allotment(tx, event, new, now=now)
    runtime.one(AccessCodes).forget_after(tx, event_id)
    detail = {
        "allotment_id": allotment.id,
        "name": allotment.name,
        "seats": len(allotment.seat_indexes),
        "places": sum(allotment.general.values()),
        "release_at": allotment.release_at,
    }
    await record(tx, actor, "allotment.create", event_id, now=now, detail=detail)
    return allotment


async def release_allotment(
    tx: Tx,
    runtime: Runtime,
    actor: Actor,
    event_id: UUID,
    allotment_id: UUID,
    *,
    now: datetime,
    forget: bool = False,
) -> Allotment:
    """Give the places back to everybody's, now; ``forget`` the allotment too. NotFound."""
    await get_managed_event(tx, actor, event_id)
    allotment = await seats.release_allotment(tx, event_id, allotment_id, now=now, forget=forget)
    runtime.one(AccessCodes).forget_after(tx, event_id)
    detail = {"allotment_id": allotment_id, "name": allotment.name}
    action = "allotment.delete" if forget else "allotment.release"
    await record(tx, actor, action, event_id, now=now, detail=detail)
    return allotment
