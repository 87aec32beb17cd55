"""Events rendered once for the many who ask: the status changes with the clock, the rest seldom."""

import gzip
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tiketi.events import api, keys
from tiketi.events.api import Event, EventCache, EventStatus
from tiketi.events.cache import PAGE_LOOK_SECONDS
from tiketi.events.schemas import EventsQuery, EventSummaryView, EventView
from tiketi.infra.cache import Cached
from tiketi.infra.copies import CopyKeys
from tiketi.infra.http.cacheable import COMPRESS_LEVEL, Document
from tiketi.infra.http.wire import Page
from tiketi.infra.runtime import Runtime
from tiketi.infra.shared_cache import Freshness, SharedCache

PAGE_FRESH_SECONDS = 0.5
# Of the bytes that a process may keep of rendered reads; the rest is for maps and availability.
BYTES_SHARE = 8


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
        self._bytes, self._bytes_max = 0, runtime.settings.answers_bytes_max // BYTES_SHARE

    async def get(self, event_id: UUID, now: datetime) -> Cached[Document]:
        """The visible event's document; NotFound."""
        cached = await self._events.get_aged(event_id)
        event, status = cached.value, cached.value.status(now)
        known = self._rendered.get(event_id)
        if known is None or known.event is not event or known.status is not status:
            known = self._render(event, status, now)
        return Cached(known.document, cached.age_seconds, cached.stale)

    def _render(self, event: Event, status: EventStatus, now: datetime) -> _Rendered:
        body = EventView.of(event, now).model_dump_json().encode()
        known = self._rendered.pop(event.id, None)
        if known is not None:
            self._bytes -= known.document.weight
        same = known is not None and known.document.body == body
        document = known.document if known is not None and same else Document(body)
        made = self._rendered[event.id] = _Rendered(event, status, document)
        self._bytes += document.weight
        while self._bytes > self._bytes_max and len(self._rendered) > 1:
            _, dropped = self._rendered.popitem(last=False)
            self._bytes -= dropped.document.weight
        return made


class EventPages:
    """Pages of ``GET /events``: read for all processes twice a second at most while asked for."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._pages: SharedCache[EventsQuery, Document] = SharedCache(
            runtime,
            keys=_keys_of,
            read=self._read,
            decode=_unpacked,
            freshness=Freshness(
                PAGE_LOOK_SECONDS, PAGE_FRESH_SECONDS, runtime.settings.stale_answers_max_seconds
            ),
            weight_max=runtime.settings.answers_bytes_max // BYTES_SHARE,
            weigh=lambda document: document.weight,
        )

    async def get(self, query: EventsQuery) -> Cached[Document]:
        return await self._pages.get(query)

    async def _read(self, query: EventsQuery, latest: bool) -> bytes:
        database = self._runtime.database
        async with database.latest() if latest else database.reader() as reader:
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
        return gzip.compress(view.model_dump_json().encode(), COMPRESS_LEVEL, mtime=0)


def _keys_of(query: EventsQuery) -> CopyKeys:
    return keys.page_copy(query.model_dump_json())


def _unpacked(content: bytes) -> Document:
    return Document(gzip.decompress(content), packed=content)
