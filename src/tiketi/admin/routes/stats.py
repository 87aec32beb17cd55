"""Calls that tell how sales stand."""

from tiketi.admin.access import get_managed_event, scope_of
from tiketi.admin.routes.table import routes
from tiketi.admin.schemas.stats import EventStatsView, StatsQuery, StatsView
from tiketi.admin.stats import list_open_queues, read_boards, read_stats
from tiketi.admin.stats_repository import Scope
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access


@routes.get("/stats", access=Access.ORGANIZER, query=StatsQuery, answer=StatsView)
async def get_stats(call: Call[None, StatsQuery]) -> StatsView:
    """Sales, revenue, funnel and the last minutes: of an organizer's own events, or of all."""
    runtime, scope = call.runtime, Scope(organizer_id=scope_of(call.actor))
    async with runtime.database.latest() as reader:
        event_ids = await list_open_queues(reader, scope, call.now)
    boards = await read_boards(runtime, event_ids)
    async with runtime.database.snapshot() as reader:
        stats = await read_stats(reader, scope, boards, minutes=call.query.minutes, now=call.now)
    return StatsView.of(stats)


@routes.get(
    "/events/{event_id}/stats", access=Access.ORGANIZER, query=StatsQuery, answer=EventStatsView
)
async def get_event_stats(call: Call[None, StatsQuery]) -> EventStatsView:
    """An event's sales by tier, its revenue, funnel, queue and last minutes."""
    runtime, event_id = call.runtime, call.path_id("event_id")
    async with runtime.database.latest() as reader:
        event = await get_managed_event(reader, call.actor, event_id)
    boards = await read_boards(runtime, [event_id] if event.queue_enabled else [])
    async with runtime.database.snapshot() as reader:
        stats = await read_stats(
            reader, Scope(event_id), boards, minutes=call.query.minutes, now=call.now
        )
    return EventStatsView.of_event(event_id, stats)
