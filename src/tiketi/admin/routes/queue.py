"""Calls that steer an event's waiting room."""

from tiketi.admin import running
from tiketi.admin.access import require_managed_event
from tiketi.admin.routes.table import routes
from tiketi.admin.schemas.queue import EpochView, NoticeBody, NoticeView, QueueBody, QueueView
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access
from tiketi.queue.api import QueueModeFixed


@routes.put(
    "/events/{event_id}/queue",
    access=Access.ORGANIZER,
    body=QueueBody,
    answer=QueueView,
    guard=require_managed_event,
    errors=(QueueModeFixed,),
)
async def configure_queue(call: Call[QueueBody, None]) -> QueueView:
    """Change any of the queue's settings, answered with all; in force everywhere within 2 s."""
    async with call.runtime.database.transaction() as tx:
        room = await running.configure_queue(
            tx,
            call.runtime,
            call.actor,
            call.path_id("event_id"),
            changes=call.body.as_changes(),
            now=call.now,
        )
    return QueueView.of(room, call.runtime.settings.pass_ttl_seconds)


@routes.post(
    "/events/{event_id}/queue/reset",
    access=Access.ORGANIZER,
    answer=EpochView,
    guard=require_managed_event,
)
async def reset_queue(call: Call[None, None]) -> EpochView:
    """Empty the line: passes and receipts of the old epoch are void, people join anew."""
    async with call.runtime.database.transaction() as tx:
        epoch = await running.reset_queue(
            tx, call.runtime, call.actor, call.path_id("event_id"), now=call.now
        )
    return EpochView(epoch=epoch)


@routes.post(
    "/events/{event_id}/queue/notice",
    access=Access.ORGANIZER,
    body=NoticeBody,
    answer=NoticeView,
    guard=require_managed_event,
)
async def set_notice(call: Call[NoticeBody, None]) -> NoticeView:
    """Send those who wait or look a text; null takes it back."""
    async with call.runtime.database.transaction() as tx:
        await running.set_notice(
            tx, call.actor, call.path_id("event_id"), call.body.text, now=call.now
        )
    return NoticeView(text=call.body.text)
