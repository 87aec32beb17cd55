"""Use cases on locks: a short claim in Redis while somebody chooses."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog

from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound, Unavailable
from tiketi.kernel.ids import new_id
from tiketi.seats import claims, store
from tiketi.seats.domain import SeatMap, SeatPlace
from tiketi.seats.errors import LockLost, SeatTaken
from tiketi.seats.store import AlreadyOwn, Granted, LockRecord, SectionSeats, Taken

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SeatLock:
    """``fence`` grows with every lock given for the event (Kleppmann's fencing token)."""

    lock_id: UUID
    fence: int
    seat_ids: tuple[str, ...]
    expires_at: datetime


async def lock_seats(
    runtime: Runtime,
    seat_map: SeatMap,
    places: Sequence[SeatPlace],
    user_id: UUID,
    *,
    opened: Sequence[UUID] = (),
) -> SeatLock:
    """Lock the seats for the user, all or none: SeatTaken names those that somebody else has.
    ``opened`` are the allotments that the user may take from.

    One's own locked seats again are the same lock, renewed. PostgreSQL is asked only about seats
    that nobody else has locked: on a hot seat most attempts end before they need a connection.
    """
    by_section = _by_section(seat_map.event_id, places)
    lock_id = new_id()
    outcome = await _take_all(runtime, by_section, user_id, lock_id)
    if isinstance(outcome, Taken):
        raise SeatTaken([seat_map.places[index].seat_id for index in outcome.indexes])
    if isinstance(outcome, AlreadyOwn):
        lock_id = outcome.lock_id
        # Without a record its first call is still on the way, or died there: it is completed here.
        with suppress(NotFound):
            return await renew_lock(runtime, seat_map, lock_id, user_id)
    indexes = [place.index for place in places]
    free = await claims.list_available_seats(runtime, seat_map.event_id, indexes, opened)
    gone = set(indexes) - free
    if gone:
        await _release_all(runtime, by_section, user_id, lock_id)
        raise SeatTaken([seat_map.places[index].seat_id for index in gone])
    record = LockRecord(
        user_id=user_id,
        event_id=seat_map.event_id,
        fence=await store.next_fence(runtime.redis, seat_map.event_id),
        sections=tuple((seats.section, seats.indexes) for seats in by_section),
    )
    await store.keep_record(
        runtime.redis, lock_id, record, runtime.settings.lock_max_seconds * 1000
    )
    if isinstance(outcome, AlreadyOwn):
        return await renew_lock(runtime, seat_map, lock_id, user_id)
    return _shown(lock_id, record, seat_map, outcome.expires_at_ms)


async def renew_lock(runtime: Runtime, seat_map: SeatMap, lock_id: UUID, user_id: UUID) -> SeatLock:
    """Renew up to the lock's maximum life; LockLost when any of its seats has lapsed."""
    record = await find_own_lock(runtime, lock_id, user_id)
    lapses: list[int] = []
    for seats in record.seats():
        expires = await store.renew(
            runtime.redis,
            seats,
            user_id=user_id,
            lock_id=lock_id,
            ttl_ms=runtime.settings.seat_lock_ttl_seconds * 1000,
        )
        if expires is None:
            await _release_all(runtime, record.seats(), user_id, lock_id)
            raise LockLost
        lapses.append(expires)
    return _shown(lock_id, record, seat_map, min(lapses))


async def release_lock(runtime: Runtime, lock_id: UUID, user_id: UUID) -> None:
    """Give the lock's seats back. A lapsed lock is as good as released; another's is NotFound."""
    record = await find_own_lock(runtime, lock_id, user_id)
    await _release_all(runtime, record.seats(), user_id, lock_id)


async def find_own_lock(runtime: Runtime, lock_id: UUID, user_id: UUID) -> LockRecord:
    """What the lock was taken for, lapsed or not; NotFound when unknown or another's."""
    record = await store.find_record(runtime.redis, lock_id)
    if record is None or record.user_id != user_id:
        raise NotFound
    return record


async def check_locks(
    runtime: Runtime,
    seat_map: SeatMap,
    places: Sequence[SeatPlace],
    user_id: UUID,
    lock_id: UUID | None,
) -> bool:
    """Whether any of the seats is locked by the user; SeatTaken when another has locked any of
    them, LockLost when the named lock is gone.

    With Redis away nothing can be told, and PostgreSQL decides alone.
    """
    try:
        owners = await _owners(runtime, _by_section(seat_map.event_id, places))
        if lock_id is not None:
            await _check_named(runtime, lock_id, user_id)
    except Unavailable:
        log.warning("locks_unknown", event_id=str(seat_map.event_id))
        return False
    taken = [index for index, (owner, _) in owners.items() if owner != user_id]
    if taken:
        raise SeatTaken([seat_map.seat_ids[index] for index in taken])
    return bool(owners)


async def release_after_hold(
    runtime: Runtime, event_id: UUID, places: Sequence[SeatPlace], user_id: UUID
) -> None:
    """The seats are held in PostgreSQL now: their locks have done their work, or lapse."""
    try:
        for seats in _by_section(event_id, places):
            await store.release(runtime.redis, seats, user_id=user_id)
    except Unavailable:
        log.warning("locks_left", event_id=str(event_id))


async def locked_indexes(
    runtime: Runtime, event_id: UUID, seat_map: SeatMap, *, but_not_by: UUID | None = None
) -> set[int]:
    """Every locked seat of the event, one's own left out if asked; none while Redis is away."""
    found: set[int] = set()
    try:
        for section in seat_map.sections:
            locked = await store.locked(runtime.redis, event_id, section.name)
            if locked and but_not_by is not None:
                seats = SectionSeats(event_id, section.name, tuple(sorted(locked)))
                owners = await store.owners(runtime.redis, seats)
                locked = {index for index, (owner, _) in owners.items() if owner != but_not_by}
            found |= locked
    except Unavailable:
        log.warning("locks_unknown", event_id=str(event_id))
        return set()
    return found


async def _check_named(runtime: Runtime, lock_id: UUID, user_id: UUID) -> None:
    record = await store.find_record(runtime.redis, lock_id)
    if record is None or record.user_id != user_id:
        raise LockLost
    for seats in record.seats():
        owned = await store.owners(runtime.redis, seats)
        if any(owned.get(index) != (user_id, lock_id) for index in seats.indexes):
            raise LockLost


async def _take_all(
    runtime: Runtime, by_section: Sequence[SectionSeats], user_id: UUID, lock_id: UUID
) -> Taken | AlreadyOwn | Granted:
    """Section by section in sorted order; what was taken is given back if any is refused."""
    if len(by_section) > 1:
        # A refusal should find nothing to give back, least of all from a lock of one's own.
        owners = await _owners(runtime, by_section)
        refused = tuple(index for index, (owner, _) in owners.items() if owner != user_id)
        if refused:
            return Taken(refused)
    same: set[UUID] = set()
    granted: list[Granted] = []
    for force in (False, True):
        for seats in by_section:
            outcome = await store.take(
                runtime.redis,
                seats,
                user_id=user_id,
                lock_id=lock_id,
                ttl_ms=runtime.settings.seat_lock_ttl_seconds * 1000,
                life_ms_max=runtime.settings.lock_max_seconds * 1000,
                force=force,
            )
            if isinstance(outcome, Taken):
                await _release_all(runtime, by_section, user_id, lock_id)
                return outcome
            if isinstance(outcome, AlreadyOwn):
                same.add(outcome.lock_id)
            else:
                granted.append(outcome)
        if not same:
            break
        if len(same) == 1 and not granted:
            return AlreadyOwn(same.pop())
    return Granted(min(each.expires_at_ms for each in granted))


async def _owners(
    runtime: Runtime, by_section: Sequence[SectionSeats]
) -> dict[int, tuple[UUID, UUID]]:
    found: dict[int, tuple[UUID, UUID]] = {}
    for seats in by_section:
        found |= await store.owners(runtime.redis, seats)
    return found


async def _release_all(
    runtime: Runtime, by_section: Sequence[SectionSeats], user_id: UUID, lock_id: UUID
) -> None:
    for seats in by_section:
        await store.release(runtime.redis, seats, user_id=user_id, lock_id=lock_id)


def _by_section(event_id: UUID, places: Sequence[SeatPlace]) -> list[SectionSeats]:
    found: dict[str, list[int]] = {}
    for place in places:
        found.setdefault(place.section, []).append(place.index)
    return [
        SectionSeats(event_id, section, tuple(sorted(found[section]))) for section in sorted(found)
    ]


def _shown(lock_id: UUID, record: LockRecord, seat_map: SeatMap, expires_at_ms: int) -> SeatLock:
    indexes = sorted(index for _, section in record.sections for index in section)
    return SeatLock(
        lock_id=lock_id,
        fence=record.fence,
        seat_ids=tuple(seat_map.places[index].seat_id for index in indexes),
        expires_at=datetime.fromtimestamp(expires_at_ms / 1000, UTC),
    )
