"""Use cases on an event as it runs: publish it, steer its queue, cancel it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from tiketi.admin.access import get_managed_event
from tiketi.admin.trail import record
from tiketi.events import api as events
from tiketi.events.api import Event, EventCache
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor
from tiketi.queue import api as queue
from tiketi.queue.api import WaitingRoom
from tiketi.reservations import api as reservations


async def publish_event(
    tx: Tx, runtime: Runtime, actor: Actor | None, event_id: UUID, *, now: datetime
) -> Event:
    """Show the event to buyers; publishing again changes nothing. NotFound, EventCancelled.

    ``actor`` None is the house itself.
    """
    await get_managed_event(tx, actor, event_id)
    event = await events.publish_event(tx, event_id, now=now)
    runtime.one(EventCache).forget_after(tx, event_id)
    if event.published_at == now:
        await record(tx, actor, "event.publish", event_id, now=now)
    return event


async def cancel_event(
    tx: Tx, runtime: Runtime, actor: Actor, event_id: UUID, *, now: datetime
) -> Event:
    """End the sale for good: the queue closes, and what is pending is released, some of it at
    once and the rest by the sweeper. Payments' loop ``refunds`` finds what was paid by itself, a
    payment that succeeds at this moment included. NotFound, EventEnded.
    """
    await get_managed_event(tx, actor, event_id)
    event, is_first = await events.cancel_event(tx, event_id, now=now)
    if not is_first:
        return event
    await reservations.release_cancelled_events(tx, now, runtime.settings.sweep_batch_max)
    await queue.close_room(tx, runtime, event_id)
    await record(tx, actor, "event.cancel", event_id, now=now)
    runtime.one(EventCache).forget_after(tx, event_id)
    return event


async def configure_queue(
    tx: Tx,
    runtime: Runtime,
    actor: Actor,
    event_id: UUID,
    *,
    changes: Mapping[str, Any],
    now: datetime,
) -> WaitingRoom:
    """Change any of the queue's settings; every process has them within 2 s.

    NotFound; QueueModeFixed for undoing a draw that was held.
    """
    await get_managed_event(tx, actor, event_id)
    room = await queue.configure(tx, runtime, event_id, changes, now=now)
    await record(tx, actor, "queue.configure", event_id, now=now, detail=changes)
    return room


async def reset_queue(
    tx: Tx, runtime: Runtime, actor: Actor, event_id: UUID, *, now: datetime
) -> int:
    """Empty the line; the new epoch. NotFound."""
    await get_managed_event(tx, actor, event_id)
    epoch = await queue.reset_room(tx, runtime, event_id, now=now)
    await record(tx, actor, "queue.reset", event_id, now=now, detail={"epoch": epoch})
    return epoch


async def set_notice(
    tx: Tx, actor: Actor, event_id: UUID, notice: str | None, *, now: datetime
) -> None:
    """Tell those who wait or look something; None takes it back. NotFound."""
    await get_managed_event(tx, actor, event_id)
    await queue.set_notice(tx, event_id, notice, now=now)
    await record(tx, actor, "queue.notice", event_id, now=now, detail={"text": notice})
