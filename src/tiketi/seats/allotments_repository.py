"""Allotments in PostgreSQL. Seats and buckets are locked in sorted order before they are written.

A seat of an unreleased allotment names it, and is blocked (``b``) while nobody has it; a general
place lies in a bucket of the allotment's own.
"""

from array import array
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.seats.allotments import Allotment, Left

_COLUMNS = """
    SELECT id, event_id, name, seat_indexes, tier_ids, places, release_at, released, released_at,
        created_at
    FROM seats.allotment"""
_INSERT = text("""
    INSERT INTO seats.allotment
        (id, event_id, name, seat_indexes, tier_ids, places, release_at, created_at)
    VALUES (:id, :event_id, :name, :seat_indexes, :tier_ids, :places, :release_at, :created_at)
    ON CONFLICT (event_id, name) WHERE deleted_at IS NULL DO NOTHING""")
_OF_SALE = "deleted_at IS NULL AND purpose = 'sale'"
_FIND = text(f"{_COLUMNS} WHERE id = :id AND {_OF_SALE}")
_LOCK = text(f"{_COLUMNS} WHERE id = :id AND {_OF_SALE} FOR UPDATE")
_FIND_SEATS = text("SELECT seat_indexes FROM seats.allotment WHERE id = :id")
# Newest first; UUIDv7 sorts by time.
_LIST = text(f"""{_COLUMNS}
    WHERE event_id = :event_id AND {_OF_SALE}
        AND (CAST(:after AS uuid) IS NULL OR id < :after)
    ORDER BY id DESC LIMIT :limit""")
_LOCK_DUE = text(f"""{_COLUMNS}
    WHERE released_at IS NULL AND release_at <= :now
    ORDER BY release_at LIMIT 1 FOR UPDATE SKIP LOCKED""")
_BLOCK = text("""
    WITH wanted AS (
        SELECT seat_index FROM seats.seat
        WHERE event_id = :event_id AND seat_index = ANY(:indexes) AND state = 'a'
        ORDER BY seat_index FOR UPDATE)
    UPDATE seats.seat AS seat SET state = 'b', allotment_id = :id FROM wanted
    WHERE seat.event_id = :event_id AND seat.seat_index = wanted.seat_index
    RETURNING seat.seat_index""")
_UNBLOCK = text("""
    WITH kept AS (
        SELECT seat_index FROM seats.seat
        WHERE event_id = :event_id AND seat_index = ANY(:indexes) AND allotment_id = :id
        ORDER BY seat_index FOR UPDATE)
    UPDATE seats.seat AS seat SET
        allotment_id = CASE WHEN seat.state = 'b' THEN r.allotment_id END,
        state = CASE WHEN seat.state = 'b' AND r.allotment_id IS NULL
            THEN CAST('a' AS "char") ELSE seat.state END
    FROM kept LEFT JOIN seats.returns AS r ON r.event_id = :event_id AND r.is_kept
    WHERE seat.event_id = :event_id AND seat.seat_index = kept.seat_index""")
_LOCK_BUCKETS = text("""
    SELECT bucket, CASE WHEN allotment_id IS NULL THEN remaining ELSE 0 END AS remaining
    FROM seats.general_bucket WHERE tier_id = :tier_id ORDER BY bucket FOR UPDATE""")
_SHRINK = text("""
    UPDATE seats.general_bucket
    SET capacity = capacity - :quantity, remaining = remaining - :quantity
    WHERE tier_id = :tier_id AND bucket = :bucket""")
_INSERT_BUCKET = text("""
    INSERT INTO seats.general_bucket (tier_id, bucket, event_id, capacity, remaining, allotment_id)
    SELECT :tier_id, (max(bucket) + 1)::smallint, :event_id, :quantity, :quantity, :id
    FROM seats.general_bucket WHERE tier_id = :tier_id""")
_OPEN_BUCKETS = text("""
    WITH kept AS (
        SELECT tier_id, bucket FROM seats.general_bucket
        WHERE tier_id = ANY(:tier_ids) AND allotment_id = :id
        ORDER BY tier_id, bucket FOR UPDATE)
    UPDATE seats.general_bucket AS b SET allotment_id = NULL FROM kept
    WHERE b.tier_id = kept.tier_id AND b.bucket = kept.bucket""")
_SET_RELEASED = text("""
    UPDATE seats.allotment SET released = :released, released_at = :released_at WHERE id = :id""")
_SET_DUE = text("""
    UPDATE seats.allotment SET release_at = CAST(:now AS timestamptz),
        deleted_at = CASE WHEN CAST(:is_deleted AS boolean) THEN CAST(:now AS timestamptz) END
    WHERE id = :id""")
_DELETE_ALL = text("DELETE FROM seats.allotment WHERE event_id = :event_id")
_SEATS_LEFT = text("""
    SELECT allotment_id, count(*) AS seats FROM seats.seat
    WHERE event_id = :event_id AND allotment_id = ANY(:ids) AND state = 'b'
    GROUP BY allotment_id""")
_PLACES_LEFT = text("""
    SELECT allotment_id, tier_id, sum(remaining)::int AS places FROM seats.general_bucket
    WHERE event_id = :event_id AND allotment_id = ANY(:ids) GROUP BY allotment_id, tier_id""")


async def insert(tx: Tx, allotment: Allotment) -> bool:
    """False when the event has one of that name."""
    result = await tx.execute(
        _INSERT,
        {
            "id": allotment.id,
            "event_id": allotment.event_id,
            "name": allotment.name,
            "seat_indexes": list(allotment.seat_indexes),
            "tier_ids": list(allotment.general),
            "places": list(allotment.general.values()),
            "release_at": allotment.release_at,
            "created_at": allotment.created_at,
        },
    )
    return result.rowcount == 1


async def find(reader: Reader, allotment_id: UUID) -> Allotment | None:
    row = (await reader.execute(_FIND, {"id": allotment_id})).first()
    return _allotment(row) if row is not None else None


async def find_seats(reader: Reader, allotment_id: UUID) -> "array[int]":
    """Those of any allotment, offers among them; none of one that is gone."""
    found = (await reader.execute(_FIND_SEATS, {"id": allotment_id})).scalar_one_or_none()
    return array("i", found or ())


async def lock(tx: Tx, allotment_id: UUID) -> Allotment | None:
    row = (await tx.execute(_LOCK, {"id": allotment_id})).first()
    return _allotment(row) if row is not None else None


async def lock_due(tx: Tx, now: datetime) -> Allotment | None:
    """One whose time has come and that nobody releases at this moment, deleted ones among them."""
    row = (await tx.execute(_LOCK_DUE, {"now": now})).first()
    return _allotment(row) if row is not None else None


async def list_of_event(
    reader: Reader, event_id: UUID, *, after: UUID | None, limit: int
) -> list[Allotment]:
    rows = await reader.execute(_LIST, {"event_id": event_id, "after": after, "limit": limit})
    return [_allotment(row) for row in rows]


async def block_seats(tx: Tx, allotment: Allotment) -> set[int]:
    """Those of its seats that were available."""
    rows = await tx.execute(
        _BLOCK,
        {
            "event_id": allotment.event_id,
            "indexes": list(allotment.seat_indexes),
            "id": allotment.id,
        },
    )
    return set(rows.scalars())


async def unblock_seats(tx: Tx, allotment: Allotment, indexes: Sequence[int]) -> None:
    """Those that nobody has become available, or are kept for a waiting list; the others will,
    when they are given back.
    """
    await tx.execute(
        _UNBLOCK,
        {"event_id": allotment.event_id, "indexes": list(indexes), "id": allotment.id},
    )


async def move_places(tx: Tx, allotment: Allotment, tier_id: UUID, quantity: int) -> bool:
    """General places of everybody's buckets into one of the allotment's; False: too few left."""
    missing = quantity
    parts: list[dict[str, Any]] = []
    for row in await tx.execute(_LOCK_BUCKETS, {"tier_id": tier_id}):
        part = min(row.remaining, missing)
        missing -= part
        if part:
            parts.append({"tier_id": tier_id, "bucket": row.bucket, "quantity": part})
    if missing:
        return False
    await tx.execute(_SHRINK, parts)
    bucket = {"tier_id": tier_id, "quantity": quantity}
    await tx.execute(_INSERT_BUCKET, {**bucket, "event_id": allotment.event_id, "id": allotment.id})
    return True


async def open_buckets(tx: Tx, allotment: Allotment) -> None:
    """The general places are everybody's again."""
    await tx.execute(_OPEN_BUCKETS, {"tier_ids": list(allotment.general), "id": allotment.id})


async def set_released(
    tx: Tx, allotment_id: UUID, *, released: int, released_at: datetime | None
) -> None:
    await tx.execute(
        _SET_RELEASED, {"id": allotment_id, "released": released, "released_at": released_at}
    )


async def set_due(tx: Tx, allotment_id: UUID, now: datetime, *, is_deleted: bool) -> None:
    await tx.execute(_SET_DUE, {"id": allotment_id, "now": now, "is_deleted": is_deleted})


async def delete_all(tx: Tx, event_id: UUID) -> None:
    await tx.execute(_DELETE_ALL, {"event_id": event_id})


async def count_left(reader: Reader, event_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Left]:
    """What is left of each of the event's unreleased allotments."""
    params = {"event_id": event_id, "ids": list(ids)}
    seats = {row.allotment_id: row.seats for row in await reader.execute(_SEATS_LEFT, params)}
    places: dict[UUID, dict[UUID, int]] = {}
    for row in await reader.execute(_PLACES_LEFT, params):
        places.setdefault(row.allotment_id, {})[row.tier_id] = row.places
    return {each: Left(seats.get(each, 0), places.get(each, {})) for each in ids}


def _allotment(row: Any) -> Allotment:
    return Allotment(
        id=row.id,
        event_id=row.event_id,
        name=row.name,
        seat_indexes=array("i", row.seat_indexes),
        general=dict(zip(row.tier_ids, row.places, strict=True)),
        release_at=row.release_at,
        released=row.released,
        released_at=row.released_at,
        created_at=row.created_at,
    )
