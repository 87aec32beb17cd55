"""What buyers read of events."""

from tiketi.events.rendering import EventDocuments, EventPages
from tiketi.events.schemas import EventsQuery, EventSummaryView, EventView
from tiketi.infra.http.cacheable import STALE_IF_ERROR, CacheableAnswer
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access, Routes
from tiketi.infra.http.wire import Page
from tiketi.infra.rate_limit import Limit

# The clock moves the status, so no cache may keep one for long.
CACHE_CONTROL = f"public, max-age=1, {STALE_IF_ERROR}"

routes = Routes("events")


@routes.get(
    "",
    query=EventsQuery,
    answer=Page[EventSummaryView],
    access=Access.PUBLIC,
    limit=Limit.PUBLIC,
)
async def list_events(call: Call[None, EventsQuery]) -> CacheableAnswer:
    """Published events, by when they start.

    `q` looks in title, artist and venue; it forgives misspellings, missing spaces and accents.
    `from` and `to` are about `starts_at`, both included.
    """
    found = await call.runtime.one(EventPages).get(call.query)
    return found.value.answer(
        call.request, CACHE_CONTROL, age_seconds=found.age_seconds, stale=found.stale
    )


@routes.get("/{event_id}", answer=EventView, access=Access.PUBLIC, limit=Limit.PUBLIC)
async def get_event(call: Call[None, None]) -> CacheableAnswer:
    """One published event."""
    found = await call.runtime.one(EventDocuments).get(call.path_id("event_id"), call.now)
    return found.value.answer(
        call.request, CACHE_CONTROL, age_seconds=found.age_seconds, stale=found.stale
    )
