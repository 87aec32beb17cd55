"""Seat locks in Redis: short claims, by section, never more than a way to keep crowds apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from tiketi.infra.lua import load_script
from tiketi.infra.redis import RedisStore
from tiketi.seats import keys

_TAKE = load_script("tiketi.seats", "take_locks")
_RENEW = load_script("tiketi.seats", "renew_locks")
_READ_LOCKED = load_script("tiketi.seats", "read_locked")
_RELEASE = load_script("tiketi.seats", "release_locks")

# A record outlives its lock by this, so that a lapsed lock is answered as lapsed.
RECORD_TTL_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class SectionSeats:
    """Seats of one section, as their indexes in the seat map."""

    event_id: UUID
    section: str
    indexes: tuple[int, ...]

    @property
    def keys(self) -> list[str]:
        """The section's own key, then one key a seat."""
        seats = (keys.seat_lock(self.event_id, self.section, index) for index in self.indexes)
        return [keys.section_locks(self.event_id, self.section), *seats]


@dataclass(frozen=True, slots=True)
class Taken:
    """The lock on a section's seats was refused: these are somebody else's."""

    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AlreadyOwn:
    """All seats are already the user's, under this lock."""

    lock_id: UUID


@dataclass(frozen=True, slots=True)
class Granted:
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class LockRecord:
    user_id: UUID
    event_id: UUID
    fence: int
    sections: tuple[tuple[str, tuple[int, ...]], ...]

    def seats(self) -> list[SectionSeats]:
        return [SectionSeats(self.event_id, name, indexes) for name, indexes in self.sections]


async def take(
    redis: RedisStore,
    seats: SectionSeats,
    *,
    user_id: UUID,
    lock_id: UUID,
    ttl_ms: int,
    life_ms_max: int,
    force: bool,
) -> Taken | AlreadyOwn | Granted:
    """Lock the seats, all or none, for ``ttl_ms``, renewable until ``life_ms_max``."""
    args = [str(user_id), str(lock_id), ttl_ms, life_ms_max, int(force), *seats.indexes]
    verdict, *rest = await redis.run(_TAKE, seats.keys, args)
    if verdict == b"taken":
        return Taken(tuple(int(index) for index in rest))
    if verdict == b"own":
        return AlreadyOwn(UUID(rest[0].decode()))
    return Granted(int(rest[0]))


async def renew(
    redis: RedisStore, seats: SectionSeats, *, user_id: UUID, lock_id: UUID, ttl_ms: int
) -> int | None:
    """When the renewed lock lapses, Unix milliseconds; None when it is lost."""
    args = [str(user_id), str(lock_id), ttl_ms, *seats.indexes]
    return int(await redis.run(_RENEW, seats.keys, args)) or None


async def release(
    redis: RedisStore, seats: SectionSeats, *, user_id: UUID, lock_id: UUID | None = None
) -> None:
    """Give back what the user has locked of the seats, under one lock or under any."""
    args = [str(user_id), str(lock_id or ""), *seats.indexes]
    await redis.run(_RELEASE, seats.keys, args)


async def owners(redis: RedisStore, seats: SectionSeats) -> dict[int, tuple[UUID, UUID]]:
    """Who has locked which of the seats, and under which lock: index → (user, lock)."""
    values = await redis.command("MGET", *seats.keys[1:])
    found: dict[int, tuple[UUID, UUID]] = {}
    for index, value in zip(seats.indexes, values, strict=True):
        if value is not None:
            user, lock, _ = value.decode().split(":")
            found[index] = (UUID(user), UUID(lock))
    return found


async def locked(redis: RedisStore, event_id: UUID, section: str) -> set[int]:
    """The section's locked seats, by the store's own clock."""
    members = await redis.run(_READ_LOCKED, [keys.section_locks(event_id, section)], [])
    return {int(member) for member in members}


async def next_fence(redis: RedisStore, event_id: UUID) -> int:
    """A number above every one given before for the event, while the store lives."""
    return int(await redis.command("INCR", keys.fence(event_id)))


async def keep_record(redis: RedisStore, lock_id: UUID, record: LockRecord, ttl_ms: int) -> None:
    body = orjson.dumps(
        {
            "user_id": str(record.user_id),
            "event_id": str(record.event_id),
            "fence": record.fence,
            "sections": record.sections,
        }
    )
    await redis.command("SET", keys.lock_record(lock_id), body, "PX", ttl_ms + RECORD_TTL_MS)


async def find_record(redis: RedisStore, lock_id: UUID) -> LockRecord | None:
    body = await redis.command("GET", keys.lock_record(lock_id))
    if body is None:
        return None
    raw = orjson.loads(body)
    sections: Sequence[tuple[str, Sequence[int]]] = raw["sections"]
    return LockRecord(
        user_id=UUID(raw["user_id"]),
        event_id=UUID(raw["event_id"]),
        fence=raw["fence"],
        sections=tuple((name, tuple(indexes)) for name, indexes in sections),
    )
