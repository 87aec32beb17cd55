"""What the sale asks of a pass."""

from uuid import UUID

import structlog

from tiketi.events.api import Event
from tiketi.infra.cache import AgingCache
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor
from tiketi.kernel.errors import NotFound, Unavailable
from tiketi.queue import repository, store
from tiketi.queue.domain import Proof
from tiketi.queue.errors import QueuePassRequired
from tiketi.queue.replies import RoomLost
from tiketi.queue.tokens import find_pass

log = structlog.get_logger(__name__)

EPOCH_FRESH_SECONDS = 1.0
EPOCH_STALE_SECONDS = 30.0
EPOCHS_MAX = 2_000


async def require_pass(runtime: Runtime, actor: Actor, event: Event, token: str | None) -> None:
    """QueuePassRequired unless the queue is off or the pass is this user's and lives.

    The store knows who is inside, by its own clock. Without it, or where it lost the room, the
    signature decides, the epoch and this process's clock: a sale goes on while the store is away.
    """
    if not event.queue_enabled:
        return
    proof = find_pass(runtime, token)
    if proof is None or (proof.user_id, proof.event_id) != (actor.user_id, event.id):
        raise QueuePassRequired
    verdict = await _check(runtime, proof)
    if isinstance(verdict, RoomLost):
        epoch = (await runtime.one(_Epochs).cache.get(event.id)).value
        lives = proof.expires_at is not None and proof.expires_at > runtime.clock.now()
        verdict = lives and proof.epoch == epoch
    if not verdict:
        raise QueuePassRequired


async def spend_pass(runtime: Runtime, event_id: UUID, user_id: UUID) -> None:
    """Free the place inside of one who has bought. Best effort: else the pass lapses by itself."""
    try:
        await store.spend(runtime.redis, event_id, user_id)
    except Unavailable:
        log.warning("pass_not_spent", event_id=str(event_id))


async def _check(runtime: Runtime, proof: Proof) -> bool | RoomLost:
    try:
        return await store.check_pass(runtime.redis, proof)
    except Unavailable:
        return RoomLost()


class _Epochs:
    """The rooms' epochs in PostgreSQL, as one process remembers them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.cache: AgingCache[UUID, int] = AgingCache(
            runtime,
            self._load,
            fresh_seconds=EPOCH_FRESH_SECONDS,
            stale_seconds=EPOCH_STALE_SECONDS,
            weight_max=EPOCHS_MAX,
        )

    async def _load(self, event_id: UUID) -> tuple[int, float]:
        async with self._runtime.database.reader() as reader:
            epoch = await repository.find_epoch(reader, event_id)
        if epoch is None:
            raise NotFound
        return epoch, 0.0
