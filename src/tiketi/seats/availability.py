"""Who holds what now: PostgreSQL's states with the locks of Redis over them.

One process of all computes it, at most twice a second an event; the others take what it kept.
The version is the store's, so that it is the same wherever one asks.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

import orjson

from tiketi.infra.cache import AgingCache, Cached
from tiketi.infra.http.cacheable import Document
from tiketi.infra.postgres import Reader
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable
from tiketi.seats import availability_store as store
from tiketi.seats.availability_repository import read_remaining, read_states
from tiketi.seats.locks import locked_indexes
from tiketi.seats.maps import SeatMaps

FRESH_SECONDS = 0.5
# Of the bytes that a process may keep of rendered reads.
BYTES_SHARE = 4
# The first to ask all wait for the one that computes, in steps, and no longer than its lease.
FIRST_WAIT_SECONDS = 0.02
FIRST_WAITS_MAX = 100
# Redis that was away is left alone for so long: its timeouts would make everything late.
STORE_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Availability:
    """``sections`` has one character a seat in seat-map order; ``general`` what remains by tier.

    ``version`` grows by one whenever either changes.
    """

    event_id: UUID
    version: int
    sections: Mapping[str, str]
    general: Mapping[UUID, int]
    document: Document
    digest: str

    @property
    def weight(self) -> int:
        return 2 * len(self.document.body)


class _StoreAway(Exception):
    """Redis is away; PostgreSQL need not be."""


class Availabilities:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._store_away_until = 0.0
        self._cache: AgingCache[UUID, Availability] = AgingCache(
            runtime,
            self._load,
            fresh_seconds=FRESH_SECONDS,
            stale_seconds=runtime.settings.stale_answers_max_seconds,
            weight_max=runtime.settings.answers_bytes_max // BYTES_SHARE,
            weigh=lambda availability: availability.weight,
        )

    async def get(self, event_id: UUID) -> Cached[Availability]:
        return await self._cache.get(event_id)

    async def _load(self, event_id: UUID) -> tuple[Availability, float]:
        known, clock = self._cache.peek(event_id), self._runtime.clock
        if clock.monotonic() >= self._store_away_until:
            try:
                return await self._load_numbered(event_id, known)
            except _StoreAway:
                self._store_away_until = clock.monotonic() + STORE_PAUSE_SECONDS
        # PostgreSQL alone: the locks do not show, and the time numbers what is new.
        content = await _compute(self._runtime, event_id, with_locks=False)
        if known is not None and known.digest == _digest(content):
            return known, 0.0
        now_ms = int(clock.now().timestamp() * 1000)
        version = max(now_ms, known.version + 1 if known else 0)
        return _read(event_id, version, content), 0.0

    async def _load_numbered(
        self, event_id: UUID, known: Availability | None
    ) -> tuple[Availability, float]:
        known_version = known.version if known else 0
        look = await self._look(event_id, known_version)
        if look.computes or not look.version:
            try:
                content = await _compute(self._runtime, event_id, with_locks=True)
            except Unavailable:
                if not look.version:
                    raise
            else:
                numbered = await self._publish(event_id, look.now_ms, content, known_version)
                if known is not None and known.version == numbered.version:
                    return known, 0.0
                return _read(event_id, numbered.version, numbered.content), 0.0
        if known is not None and known.version == look.version:
            return known, look.age_seconds
        return _read(event_id, look.version, look.content), look.age_seconds

    async def _look(self, event_id: UUID, known: int) -> store.Look:
        """What the store has; where it has nothing yet, what it has once it was computed."""
        for _ in range(FIRST_WAITS_MAX):
            try:
                look = await store.look(self._runtime.redis, event_id, known, FRESH_SECONDS)
            except Unavailable as error:
                raise _StoreAway from error
            if look.computes or look.version:
                return look
            await asyncio.sleep(FIRST_WAIT_SECONDS)
        return look

    async def _publish(
        self, event_id: UUID, true_at_ms: int, content: bytes, known: int
    ) -> store.Numbered:
        try:
            return await store.publish(
                self._runtime.redis,
                event_id,
                true_at_ms=true_at_ms,
                digest=_digest(content),
                content=content,
                known=known,
            )
        except Unavailable as error:
            raise _StoreAway from error


async def read_availability(runtime: Runtime, event_id: UUID) -> Availability:
    """The event's availability, at most ``FRESH_SECONDS`` old while the stores answer."""
    return (await runtime.one(Availabilities).get(event_id)).value


async def _compute(runtime: Runtime, event_id: UUID, *, with_locks: bool) -> bytes:
    """The content as JSON: the same bytes for the same places."""
    maps = runtime.one(SeatMaps)
    async with runtime.database.reader() as reader:
        states, general = await _read_places(reader, event_id)
    seat_map = await maps.get(event_id)
    if len(states) != len(seat_map):
        # A replica may have less of a new event than its map.
        async with runtime.database.latest() as reader:
            states, general = await _read_places(reader, event_id)
    if len(states) != len(seat_map):
        maps.forget(event_id)
        raise Unavailable("The seat map is being replaced.")
    if states and with_locks:
        states = _overlay(states, await locked_indexes(runtime, event_id, seat_map))
    sections = {
        section.name: states[section.first : section.first + section.size]
        for section in seat_map.sections
    }
    remaining = {str(tier_id): general[tier_id] for tier_id in general}
    return orjson.dumps({"sections": sections, "general": remaining})


async def _read_places(reader: Reader, event_id: UUID) -> tuple[str, dict[UUID, int]]:
    return await read_states(reader, event_id), await read_remaining(reader, event_id)


def _overlay(states: str, locked: set[int]) -> str:
    """Held, as buyers see it, is also what is only locked."""
    shown = bytearray(states.encode())
    for index in locked:
        if index < len(shown) and shown[index] == ord("a"):
            shown[index] = ord("h")
    return shown.decode()


def _read(event_id: UUID, version: int, content: bytes) -> Availability:
    raw = orjson.loads(content)
    body = orjson.dumps({"event_id": event_id, "version": version, **raw})
    return Availability(
        event_id=event_id,
        version=version,
        sections=raw["sections"],
        general={UUID(tier_id): remaining for tier_id, remaining in raw["general"].items()},
        document=Document(body),
        digest=_digest(content),
    )


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=12).hexdigest()
