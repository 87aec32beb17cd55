"""What an offer lets its account do: buy the offered places, with or without a pass."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tiketi.events.api import Event, EventCache
from tiketi.infra.cache import AgingCache
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor
from tiketi.queue import api as queue
from tiketi.queue.api import QueuePassRequired
from tiketi.reservations.waiting_list import repository
from tiketi.reservations.waiting_list.domain import Offer

# Below the time from an entry to its offer, as far as another process may take the next call.
FRESH_SECONDS = 1.0
STALE_SECONDS = 60.0
EVENTS_MAX = 10_000


class WaitingLists:
    """Which events have a waiting list, as one process knows it: others cost a buyer nothing."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._cache: AgingCache[UUID, bool] = AgingCache(
            runtime,
            self._load,
            fresh_seconds=FRESH_SECONDS,
            stale_seconds=STALE_SECONDS,
            weight_max=EVENTS_MAX,
        )

    async def has(self, event_id: UUID) -> bool:
        """Whether anybody waits for places of the event, or is offered some."""
        return await self._cache.value(event_id)

    def note(self, event_id: UUID) -> None:
        """Somebody just put themselves down."""
        self._cache.put(event_id, True)

    async def _load(self, event_id: UUID) -> tuple[bool, float]:
        async with self._runtime.database.latest() as reader:
            return await repository.has_entries(reader, event_id), 0.0


@dataclass(frozen=True, slots=True)
class Admitted:
    """A buyer who may buy now. ``by_offer``: nothing but what is offered, for want of a pass."""

    event: Event
    offer: Offer | None = None
    by_offer: bool = False


async def admit_buyer(
    runtime: Runtime, actor: Actor, event_id: UUID, queue_pass: str | None, now: datetime
) -> Admitted:
    """A buyer with a pass, or with an offer that stands in for it: NotFound, QueuePassRequired."""
    event = await runtime.one(EventCache).get(event_id)
    offer = await find_offer(runtime, event.id, actor.user_id, now)
    try:
        await queue.require_pass(runtime, actor, event, queue_pass)
    except QueuePassRequired:
        if offer is None:
            raise
        return Admitted(event, offer, by_offer=True)
    return Admitted(event, offer)


async def find_offer(
    runtime: Runtime, event_id: UUID, user_id: UUID, now: datetime
) -> Offer | None:  # fmt: skip
    """What the account may buy alone at this moment."""
    if not await runtime.one(WaitingLists).has(event_id):
        return None
    async with runtime.database.latest() as reader:
        offer = await repository.find_offer(reader, event_id, user_id)
    return offer if offer is not None and now < offer.expires_at else None
