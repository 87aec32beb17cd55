"""Calls on events."""

from typing import Any

from tiketi.admin import drafting, running
from tiketi.admin.access import get_managed_event, require_managed_event, scope_of
from tiketi.admin.routes.table import routes
from tiketi.admin.schemas.event_views import EventsQuery, EventView, SummaryView
from tiketi.admin.schemas.events import EventBody
from tiketi.admin.schemas.queue import QueueView
from tiketi.events import api as events
from tiketi.events.api import Event, EventCancelled, EventEnded, EventPublished
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access
from tiketi.infra.http.wire import Page
from tiketi.infra.postgres import Reader
from tiketi.queue import api as queue


async def _view(call: Call[Any, Any], reader: Reader, event: Event) -> EventView:
    room = await queue.get_room(reader, event.id)
    codes = await events.list_codes(reader, event.id)
    shown = QueueView.of(room, call.runtime.settings.pass_ttl_seconds)
    return EventView.of(event, shown, codes, call.now)


@routes.post("/events", status=201, access=Access.ORGANIZER, body=EventBody, answer=EventView)
async def create_event(call: Call[EventBody, None]) -> EventView:
    """Make an event: a draft, with its seats, general places and waiting room.

    Each section of the layout becomes a seated tier. Without a layout and without `tiers` there is
    nothing to sell: 422.
    """
    async with call.runtime.database.transaction() as tx:
        event = await drafting.create_event(
            tx, call.runtime, call.actor, call.body.as_draft(), now=call.now
        )
        return await _view(call, tx, event)


@routes.get("/events", access=Access.ORGANIZER, query=EventsQuery, answer=Page[SummaryView])
async def list_events(call: Call[None, EventsQuery]) -> Page[SummaryView]:
    """Events, drafts included: an organizer's own, an admin's all."""
    query = call.query
    async with call.runtime.database.latest() as reader:
        page = await events.list_events(
            reader,
            query.as_filter(scope_of(call.actor)),
            sort=query.sort,
            limit=query.limit,
            cursor=query.cursor,
            now=call.now,
        )
    return Page(items=[SummaryView.of(item) for item in page.items], next_cursor=page.next_cursor)


@routes.get("/events/{event_id}", access=Access.ORGANIZER, answer=EventView)
async def get_event(call: Call[None, None]) -> EventView:
    """An event in any state."""
    async with call.runtime.database.latest() as reader:
        event = await get_managed_event(reader, call.actor, call.path_id("event_id"))
        return await _view(call, reader, event)


@routes.put(
    "/events/{event_id}",
    access=Access.ORGANIZER,
    body=EventBody,
    answer=EventView,
    guard=require_managed_event,
    errors=(EventPublished, EventCancelled, EventEnded),
)
async def replace_event(call: Call[EventBody, None]) -> EventView:
    """Write an event anew.

    A draft takes everything, and its seats are made again. Once published, only texts, poster,
    limits and a later `sale_closes_at` change. `queue` left out stays as it is.
    """
    async with call.runtime.database.transaction() as tx:
        event = await drafting.replace_event(
            tx,
            call.runtime,
            call.actor,
            call.path_id("event_id"),
            call.body.as_draft(),
            now=call.now,
        )
        return await _view(call, tx, event)


@routes.delete(
    "/events/{event_id}",
    access=Access.ORGANIZER,
    guard=require_managed_event,
    errors=(EventPublished,),
)
async def delete_event(call: Call[None, None]) -> None:
    """Delete a draft."""
    async with call.runtime.database.transaction() as tx:
        await drafting.delete_draft(tx, call.actor, call.path_id("event_id"), now=call.now)


@routes.post(
    "/events/{event_id}/publish",
    access=Access.ORGANIZER,
    answer=EventView,
    guard=require_managed_event,
    errors=(EventCancelled,),
)
async def publish_event(call: Call[None, None]) -> EventView:
    """Show an event to buyers, at once; its sale opens by the clock."""
    async with call.runtime.database.transaction() as tx:
        event = await running.publish_event(
            tx, call.runtime, call.actor, call.path_id("event_id"), now=call.now
        )
        return await _view(call, tx, event)


@routes.post(
    "/events/{event_id}/cancel",
    access=Access.ORGANIZER,
    answer=EventView,
    guard=require_managed_event,
    errors=(EventEnded,),
)
async def cancel_event(call: Call[None, None]) -> EventView:
    """Cancel an event: what is pending is released, what is paid refunded, the queue closed."""
    async with call.runtime.database.transaction() as tx:
        event = await running.cancel_event(
            tx, call.runtime, call.actor, call.path_id("event_id"), now=call.now
        )
        return await _view(call, tx, event)
