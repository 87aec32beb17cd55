"""What buyers read of seats, under the events' prefix."""

from tiketi.events.api import EventCache
from tiketi.infra.http.cacheable import (
    STALE_IF_ERROR,
    CacheableAnswer,
    answer_cacheable,
    reads_gzip,
)
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access, Routes
from tiketi.infra.rate_limit import Limit
from tiketi.seats.availability import Availabilities
from tiketi.seats.documents import MapDocuments
from tiketi.seats.schemas import AvailabilityView, SeatMapView

MAP_CACHE_CONTROL = "public, max-age=30"
AVAILABILITY_CACHE_CONTROL = f"public, max-age=1, {STALE_IF_ERROR}"

routes = Routes("events")


async def require_visible(call: Call[None, None]) -> None:
    """NotFound for a draft as for what does not exist."""
    await call.runtime.one(EventCache).get(call.path_id("event_id"))


@routes.get(
    "/{event_id}/seats",
    answer=SeatMapView,
    access=Access.PUBLIC,
    limit=Limit.PUBLIC,
    guard=require_visible,
)
async def get_seat_map(call: Call[None, None]) -> CacheableAnswer:
    """The event's seat map, the same for ever while its `map_version` is."""
    as_gzip = reads_gzip(call.request)
    documents = call.runtime.one(MapDocuments)
    found = await documents.get(call.path_id("event_id"), as_gzip=as_gzip)
    return answer_cacheable(
        call.request,
        found.value.content,
        etag=found.value.etag,
        cache_control=MAP_CACHE_CONTROL,
        as_gzip=as_gzip,
        age_seconds=found.age_seconds,
        stale=found.stale,
    )


@routes.get(
    "/{event_id}/availability",
    answer=AvailabilityView,
    access=Access.PUBLIC,
    limit=Limit.PUBLIC,
    guard=require_visible,
)
async def get_availability(call: Call[None, None]) -> CacheableAnswer:
    """Who holds what now: one character a seat, and how many general places remain.

    `a` available, `h` held, `s` sold, `b` blocked.
    """
    found = await call.runtime.one(Availabilities).get(call.path_id("event_id"))
    return found.value.document.answer(
        call.request,
        AVAILABILITY_CACHE_CONTROL,
        age_seconds=found.age_seconds,
        stale=found.stale,
    )
