"""Events rendered once for the many who ask: the status changes with the clock, the rest seldom."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tiketi.events import api
from tiketi.events.api import Event, EventCache, EventStatus
from tiketi.events.schemas import EventsQuery, EventSummaryView, EventView
from tiketi.infra.cache import AgingCache, Cached
from tiketi.infra.http.cacheable import Document
from tiketi.infra.http.wire import Page
from tiketi.infra.runtime import Runtime

EVENTS_MAX = 2_000
PAGES_MAX = 500
# While the database is away; lists are asked for anew each time that it is there.
PAGE_STALE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class _Rendered:
    event: Event
    status: EventStatus
    document: Document


class EventDocuments:
    """``GET /events/{event_id}`` as bytes, for each event as the cache last had it."""

    def __init__(self, runtime: Runtime) -> None:
        self._events = runtime.one(EventCache)
        self._rendered: OrderedDict[UUID, _Rendered] = OrderedDict()

    async def get(self, event_id: UUID, now: datetime) -> Cached[Document]:
        """The visible event's document; NotFound."""
        cached = await self._events.get_aged(event_id)
        event, status = cached.value, cached.value.status(now)
        known = self._rendered.get(event_id)
        if known is None or known.event is not event or known.status is not status:
            body = EventView.of(event, now).model_dump_json().encode()
            same = known is not None and known.document.body == body
            document = known.document if known is not None and same else Document(body)
            known = self._rendered[event_id] = _Rendered(event, status, document)
            if len(self._rendered) > EVENTS_MAX:
                self._rendered.popitem(last=False)
        return Cached(known.document, cached.age_seconds, cached.stale)


class EventPages:
    """Pages of ``GET /events``, kept only for when the database is away."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._pages: AgingCache[EventsQuery, Document] = AgingCache(
            runtime,
            self._load,
            fresh_seconds=0.0,
            stale_seconds=PAGE_STALE_SECONDS,
            weight_max=PAGES_MAX,
        )

    async def get(self, query: EventsQuery) -> Cached[Document]:
        return await self._pages.get(query)

    async def _load(self, query: EventsQuery) -> tuple[Document, float]:
        async with self._runtime.database.reader() as reader:
            page = await api.list_events(
                reader,
                query.as_filter(),
                sort=query.sort,
                limit=query.limit,
                cursor=query.cursor,
                now=self._runtime.clock.now(),
            )
        view = Page[EventSummaryView](
            items=[EventSummaryView.of(item) for item in page.items], next_cursor=page.next_cursor
        )
        return Document(view.model_dump_json().encode()), 0.0
