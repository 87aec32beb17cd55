"""Use cases on an event's audience and the plan for it."""

from datetime import datetime
from uuid import UUID

from tiketi.admin.access import get_managed_event
from tiketi.admin.trail import record
from tiketi.events import api as events
from tiketi.infra.postgres import Tx
from tiketi.kernel.actor import Actor
from tiketi.planning import api as planning
from tiketi.planning.api import Audience


async def expect_audience(
    tx: Tx, actor: Actor, event_id: UUID, expected: int | None, *, now: datetime
) -> Audience:
    """Note the organizer's number, or with None take it back; the prediction that follows.

    NotFound.
    """
    await get_managed_event(tx, actor, event_id)
    await events.set_expected_audience(tx, event_id, expected, now=now)
    await record(tx, actor, "event.expect", event_id, now=now, detail={"expected": expected})
    event = await events.get_event(tx, event_id)
    return await planning.predict(tx, event, now=now)
