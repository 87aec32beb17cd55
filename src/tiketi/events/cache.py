"""Events as one process remembers them."""

import asyncio
from hashlib import blake2b
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from tiketi.events import keys
from tiketi.events.domain import Event
from tiketi.events.repository import find_event
from tiketi.infra.cache import Cached
from tiketi.infra.copies import Copies
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.infra.shared_cache import Freshness, SharedCache
from tiketi.kernel.errors import NotFound, Unavailable

LOOK_SECONDS = 0.5
FRESH_SECONDS = 0.4
EVENTS_MAX = 2_000
# Every process looks so often whether a page was changed; who changes one waits as long, so that
# nobody is shown the old one after that.
PAGE_LOOK_SECONDS = 0.05

_AS_JSON: TypeAdapter[Event] = TypeAdapter(Event)
# While a new version is rolled out, processes whose events look different share none.
_SHAPE = blake2b(orjson.dumps(_AS_JSON.json_schema()), digest_size=8).hexdigest()


class EventCache:
    """Every visible event, less than a second old while the database answers.

    What is not visible is never remembered, so that a published event is seen at once.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._cache: SharedCache[UUID, Event] = SharedCache(
            runtime,
            keys=lambda event_id: keys.event_copy(event_id, _SHAPE),
            read=self._read,
            decode=_AS_JSON.validate_json,
            freshness=Freshness(
                LOOK_SECONDS, FRESH_SECONDS, runtime.settings.stale_answers_max_seconds
            ),
            weight_max=EVENTS_MAX,
        )

    async def get(self, event_id: UUID) -> Event:
        """The event; NotFound for a draft as for what does not exist."""
        return await self._cache.value(event_id)

    async def get_aged(self, event_id: UUID) -> Cached[Event]:
        """The same, and how old it is."""
        return await self._cache.get(event_id)

    def forget(self, event_id: UUID) -> None:
        """Read it anew at the next ``get``."""
        self._cache.forget(event_id)

    def forget_after(self, tx: Tx, event_id: UUID) -> None:
        """Once ``tx`` is committed it is read anew, and so are the pages that may list it: after
        the effect nobody is shown a page of before.
        """

        async def forget() -> None:
            await self._cache.change(event_id)
            try:
                await self._runtime.one(Copies).change(keys.page_copy("").generation)
            except Unavailable:
                return  # pages are read anew every half second as it is
            await asyncio.sleep(PAGE_LOOK_SECONDS)

        tx.after_commit(forget)

    async def _read(self, event_id: UUID, latest: bool) -> bytes:
        database = self._runtime.database
        async with database.latest() if latest else database.reader() as reader:
            event = await find_event(reader, event_id)
        if event is None or not event.is_visible:
            raise NotFound
        return _AS_JSON.dump_json(event)
