"""What came free at an event with a waiting list, in PostgreSQL: kept in an allotment of its own.

Its seats are blocked, its general places lie in one bucket a tier. Whoever moves them has locked
the event's row first, then seats, then buckets, each in sorted order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.kernel.ids import new_id

_COLUMNS = "SELECT event_id, allotment_id, is_kept, look_until, looked_at FROM seats.returns"
_FIND = text(f"{_COLUMNS} WHERE event_id = :event_id")
_LOCK = text(f"{_COLUMNS} WHERE event_id = :event_id FOR UPDATE SKIP LOCKED")
_KEEP = text("""
    INSERT INTO seats.returns AS r (event_id, allotment_id, is_kept, look_until)
    VALUES (:event_id, :allotment_id, true, :look_until)
    ON CONFLICT (event_id) DO UPDATE SET is_kept = true,
        look_until = GREATEST(r.look_until, excluded.look_until)
    RETURNING r.allotment_id""")
_INSERT_ALLOTMENT = text("""
    INSERT INTO seats.allotment
        (id, event_id, name, purpose, seat_indexes, tier_ids, places, created_at)
    VALUES (:id, :event_id, CAST(CAST(:id AS uuid) AS text), :purpose, :seat_indexes, :tier_ids,
        :places, :now)
    ON CONFLICT (id) DO NOTHING""")
_LACKS_BUCKETS = text("""
    SELECT EXISTS (SELECT FROM seats.general_bucket WHERE event_id = :event_id
        GROUP BY tier_id HAVING NOT coalesce(bool_or(allotment_id = :allotment_id), false))""")
_LOCK_BUCKETS = text("""
    SELECT FROM seats.general_bucket WHERE event_id = :event_id
    ORDER BY tier_id, bucket FOR UPDATE""")
_OPEN_BUCKETS = text("""
    INSERT INTO seats.general_bucket (tier_id, bucket, event_id, capacity, remaining, allotment_id)
    SELECT tier_id, (max(bucket) + 1)::smallint, event_id, 0, 0, :allotment_id
    FROM seats.general_bucket WHERE event_id = :event_id
    GROUP BY tier_id, event_id HAVING NOT coalesce(bool_or(allotment_id = :allotment_id), false)""")
_LOCK_SEATS = text("""
    SELECT FROM seats.seat WHERE event_id = :event_id AND seat_index = ANY(:indexes)
    ORDER BY seat_index FOR UPDATE""")
_LOCK_TIERS = text("""
    SELECT FROM seats.general_bucket WHERE tier_id = ANY(:tier_ids)
    ORDER BY tier_id, bucket FOR UPDATE""")
_LOOK = text("""
    UPDATE seats.returns SET look_until = GREATEST(look_until, :until)
    WHERE event_id = :event_id""")
_LOOKED = text("""
    UPDATE seats.returns SET looked_at = :now, is_kept = :is_kept WHERE event_id = :event_id""")
_SEATS = text("""
    SELECT seat_index FROM seats.seat
    WHERE event_id = :event_id AND allotment_id = :allotment_id AND state = 'b'""")
_PLACES = text("""
    SELECT tier_id, sum(remaining)::int AS places FROM seats.general_bucket
    WHERE event_id = :event_id AND allotment_id = :allotment_id
    GROUP BY tier_id HAVING sum(remaining) > 0""")
_FREE_SEATS = text("""
    WITH kept AS (
        SELECT seat_index FROM seats.seat
        WHERE event_id = :event_id AND seat_index = ANY(:indexes)
            AND allotment_id = :allotment_id AND state = 'b'
        ORDER BY seat_index FOR UPDATE)
    UPDATE seats.seat AS seat SET state = 'a', allotment_id = NULL FROM kept
    WHERE seat.event_id = :event_id AND seat.seat_index = kept.seat_index""")
_FREE_PLACES = text("""
    WITH locked AS MATERIALIZED (
        SELECT bucket, remaining, allotment_id FROM seats.general_bucket
        WHERE tier_id = :tier_id AND (allotment_id = :allotment_id OR bucket = (
            SELECT min(c.bucket) FROM seats.general_bucket AS c
            WHERE c.tier_id = :tier_id AND c.allotment_id IS NULL))
        ORDER BY bucket FOR UPDATE),
    moved AS (
        SELECT least(:quantity, sum(remaining) FILTER (WHERE allotment_id IS NOT NULL))::int AS n
        FROM locked),
    parts AS (
        SELECT bucket, CASE WHEN allotment_id IS NULL THEN n ELSE -n END AS n FROM locked, moved)
    UPDATE seats.general_bucket AS b
    SET capacity = b.capacity + parts.n, remaining = b.remaining + parts.n FROM parts
    WHERE b.tier_id = :tier_id AND b.bucket = parts.bucket""")


@dataclass(frozen=True, slots=True)
class Returns:
    """``allotment_id`` names what came free. While ``is_kept``, what comes free goes into it.

    Until ``look_until`` places may have come free for everybody that were meant for it.
    """

    event_id: UUID
    allotment_id: UUID
    is_kept: bool
    look_until: datetime
    looked_at: datetime


async def find(reader: Reader, event_id: UUID) -> Returns | None:
    return _returns((await reader.execute(_FIND, {"event_id": event_id})).first())


async def lock(tx: Tx, event_id: UUID) -> Returns | None:
    """None also when another has it locked."""
    return _returns((await tx.execute(_LOCK, {"event_id": event_id})).first())


async def keep(tx: Tx, event_id: UUID, *, look_until: datetime, now: datetime) -> None:
    row = await tx.execute(
        _KEEP, {"event_id": event_id, "allotment_id": new_id(), "look_until": look_until}
    )
    allotment_id = row.scalar_one()
    await insert_allotment(tx, event_id, allotment_id, "returned", now=now)
    params = {"event_id": event_id, "allotment_id": allotment_id}
    if (await tx.execute(_LACKS_BUCKETS, params)).scalar_one():
        # What a second statement sees, was not changed since the first had its locks.
        await tx.execute(_LOCK_BUCKETS, {"event_id": event_id})
        await tx.execute(_OPEN_BUCKETS, params)


async def insert_allotment(
    tx: Tx,
    event_id: UUID,
    allotment_id: UUID,
    purpose: str,
    *,
    now: datetime,
    seat_indexes: Sequence[int] = (),
    general: Mapping[UUID, int] | None = None,
) -> None:
    general = general or {}
    await tx.execute(
        _INSERT_ALLOTMENT,
        {
            "id": allotment_id,
            "event_id": event_id,
            "purpose": purpose,
            "seat_indexes": sorted(seat_indexes),
            "tier_ids": list(general),
            "places": list(general.values()),
            "now": now,
        },
    )


async def look(tx: Tx, event_id: UUID, until: datetime) -> None:
    await tx.execute(_LOOK, {"event_id": event_id, "until": until})


async def mark_looked(tx: Tx, event_id: UUID, now: datetime, *, is_kept: bool) -> None:
    await tx.execute(_LOOKED, {"event_id": event_id, "now": now, "is_kept": is_kept})


async def list_seats(reader: Reader, returns: Returns) -> list[int]:
    return list((await reader.execute(_SEATS, _of(returns))).scalars())


async def list_places(reader: Reader, returns: Returns) -> dict[UUID, int]:
    """General places, by tier."""
    return {row.tier_id: row.places for row in await reader.execute(_PLACES, _of(returns))}


async def lock_seats(tx: Tx, event_id: UUID, indexes: Sequence[int]) -> None:
    await tx.execute(_LOCK_SEATS, {"event_id": event_id, "indexes": list(indexes)})


async def lock_buckets(tx: Tx, tier_ids: Sequence[UUID]) -> None:
    await tx.execute(_LOCK_TIERS, {"tier_ids": list(tier_ids)})


async def free_seats(tx: Tx, returns: Returns, indexes: Sequence[int]) -> None:
    await tx.execute(_FREE_SEATS, {**_of(returns), "indexes": sorted(indexes)})


async def free_places(tx: Tx, returns: Returns, tier_id: UUID, quantity: int) -> None:
    """General places become everybody's, all in one bucket."""
    await tx.execute(
        _FREE_PLACES,
        {"tier_id": tier_id, "allotment_id": returns.allotment_id, "quantity": quantity},
    )


def _of(returns: Returns) -> dict[str, UUID]:
    return {"event_id": returns.event_id, "allotment_id": returns.allotment_id}


def _returns(row: Any) -> Returns | None:
    if row is None:
        return None
    return Returns(row.event_id, row.allotment_id, row.is_kept, row.look_until, row.looked_at)
