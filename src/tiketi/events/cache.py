"""Events as one process remembers them."""

from uuid import UUID

from tiketi.events.domain import Event
from tiketi.events.repository import find_event
from tiketi.infra.cache import AgingCache, Cached
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound

FRESH_SECONDS = 0.5
# While the database is away: longer than a fail-over, shorter than a sale.
STALE_SECONDS = 600.0
EVENTS_MAX = 2_000


class EventCache:
    """Every visible event, at most ``FRESH_SECONDS`` old while the database answers.

    What is not visible is never remembered, so that a published event is seen at once.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._cache: AgingCache[UUID, Event] = AgingCache(
            runtime,
            self._load,
            fresh_seconds=FRESH_SECONDS,
            stale_seconds=STALE_SECONDS,
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
        """Read it anew once ``tx`` is committed: who changed it sees the change at once."""

        async def forget() -> None:
            self.forget(event_id)

        tx.after_commit(forget)

    async def _load(self, event_id: UUID) -> tuple[Event, float]:
        async with self._runtime.database.reader() as reader:
            event = await find_event(reader, event_id)
        if event is None or not event.is_visible:
            raise NotFound
        return event, 0.0
