"""Places offered to one account, in PostgreSQL: each offer an allotment that only it opens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Tx
from tiketi.seats.returns_repository import Returns

_TAKE_SEATS = text("""
    WITH wanted AS (
        SELECT s.seat_index, w.id
        FROM unnest(CAST(:indexes AS int[]), CAST(:ids AS uuid[])) AS w (seat_index, id)
        JOIN seats.seat AS s ON s.event_id = :event_id AND s.seat_index = w.seat_index
        WHERE s.state = 'a' OR (s.state = 'b' AND s.allotment_id = :returned_id)
        ORDER BY s.seat_index FOR UPDATE OF s)
    UPDATE seats.seat AS seat SET state = 'b', allotment_id = wanted.id FROM wanted
    WHERE seat.event_id = :event_id AND seat.seat_index = wanted.seat_index
    RETURNING seat.seat_index""")
_LOCK_SEATS = text("""
    SELECT FROM seats.seat WHERE event_id = :event_id AND allotment_id = ANY(:ids)
    ORDER BY seat_index FOR UPDATE""")
_RETURN_SEATS = text("""
    WITH kept AS (
        SELECT seat_index FROM seats.seat
        WHERE event_id = :event_id AND allotment_id = ANY(:ids) AND state = 'b'
        ORDER BY seat_index FOR UPDATE)
    UPDATE seats.seat AS seat SET allotment_id = :returned_id FROM kept
    WHERE seat.event_id = :event_id AND seat.seat_index = kept.seat_index""")
_LET_SOLD_SEATS_GO = text("""
    WITH kept AS (
        SELECT seat_index, allotment_id FROM seats.seat
        WHERE event_id = :event_id AND allotment_id = ANY(:ids) AND state = 's'
        ORDER BY seat_index FOR UPDATE)
    UPDATE seats.seat AS seat SET allotment_id = NULL FROM kept
    WHERE seat.event_id = :event_id AND seat.seat_index = kept.seat_index
    RETURNING kept.allotment_id""")
_LOCK_TIER = text("""
    SELECT bucket, remaining, allotment_id FROM seats.general_bucket
    WHERE tier_id = :tier_id AND (allotment_id IS NULL OR allotment_id = :returned_id)
    ORDER BY bucket FOR UPDATE""")
_ADD = text("""
    UPDATE seats.general_bucket SET capacity = capacity + :n, remaining = remaining + :n
    WHERE tier_id = :tier_id AND bucket = :bucket""")
_OPEN_BUCKET = text("""
    INSERT INTO seats.general_bucket (tier_id, bucket, event_id, capacity, remaining, allotment_id)
    SELECT :tier_id, (max(bucket) + 1)::smallint, :event_id, :n, :n, :id
    FROM seats.general_bucket WHERE tier_id = :tier_id""")
_LOCK_OFFERED = text("""
    SELECT tier_id, bucket, remaining, held, sold, allotment_id FROM seats.general_bucket
    WHERE event_id = :event_id AND (allotment_id = ANY(:ids) OR allotment_id = :returned_id)
    ORDER BY tier_id, bucket FOR UPDATE""")
_LET_BUCKET_GO = text("""
    UPDATE seats.general_bucket SET allotment_id = NULL
    WHERE tier_id = :tier_id AND bucket = :bucket""")
_DROP_BUCKET = text("""
    DELETE FROM seats.general_bucket
    WHERE tier_id = :tier_id AND bucket = :bucket AND capacity = 0""")
_END = text("""
    UPDATE seats.allotment AS a SET released_at = :now, released = cardinality(a.seat_indexes)
    WHERE a.id = ANY(:ids)
        AND NOT EXISTS (SELECT FROM seats.seat AS s WHERE s.allotment_id = a.id)
        AND NOT EXISTS (SELECT FROM seats.general_bucket AS b WHERE b.allotment_id = a.id)
    RETURNING a.id""")


async def take_seats(tx: Tx, returns: Returns, wanted: Sequence[tuple[int, UUID]]) -> set[int]:
    """Each seat into its offer, if it came free or is everybody's; answers which were."""
    rows = await tx.execute(
        _TAKE_SEATS,
        {
            "event_id": returns.event_id,
            "returned_id": returns.allotment_id,
            "indexes": [index for index, _ in wanted],
            "ids": [offer_id for _, offer_id in wanted],
        },
    )
    return set(rows.scalars())


async def take_places(
    tx: Tx, returns: Returns, offer_id: UUID, tier_id: UUID, quantity: int
) -> bool:
    """General places into a bucket of the offer's, those that came free first; False: too few."""
    rows = (
        await tx.execute(_LOCK_TIER, {"tier_id": tier_id, "returned_id": returns.allotment_id})
    ).all()
    missing = quantity
    parts: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: row.allotment_id is None):
        part = min(row.remaining, missing)
        missing -= part
        if part:
            parts.append({"tier_id": tier_id, "bucket": row.bucket, "n": -part})
    if missing:
        return False
    await tx.execute(_ADD, parts)
    await tx.execute(
        _OPEN_BUCKET,
        {"tier_id": tier_id, "event_id": returns.event_id, "n": quantity, "id": offer_id},
    )
    return True


async def lock_seats(tx: Tx, returns: Returns, ids: Sequence[UUID]) -> None:
    """All that the offers have."""
    await tx.execute(_LOCK_SEATS, {"event_id": returns.event_id, "ids": list(ids)})


async def return_seats(tx: Tx, returns: Returns, ids: Sequence[UUID]) -> None:
    """Seats of the offers that nobody has came free again."""
    await tx.execute(_RETURN_SEATS, _params(returns, ids))


async def let_sold_seats_go(tx: Tx, returns: Returns, ids: Sequence[UUID]) -> list[UUID]:
    """Sold seats are no part of their offers any more: the offer of each."""
    return list((await tx.execute(_LET_SOLD_SEATS_GO, _params(returns, ids))).scalars())


async def settle_places(
    tx: Tx, returns: Returns, ids: Sequence[UUID], over: set[UUID]
) -> dict[UUID, int]:
    """The same for general places: those of the offers ``over`` come free; how many each sold."""
    rows = (await tx.execute(_LOCK_OFFERED, _params(returns, ids))).all()
    pools = {row.tier_id: row for row in rows if row.allotment_id == returns.allotment_id}
    sold: dict[UUID, int] = {}
    for row in rows:
        if row.allotment_id == returns.allotment_id:
            continue
        at = {"tier_id": row.tier_id, "bucket": row.bucket}
        is_over = row.allotment_id in over
        if is_over and row.remaining:
            pool = {"tier_id": row.tier_id, "bucket": pools[row.tier_id].bucket}
            await tx.execute(_ADD, [{**at, "n": -row.remaining}, {**pool, "n": row.remaining}])
        if row.held == 0 and (is_over or row.remaining == 0):
            sold[row.allotment_id] = sold.get(row.allotment_id, 0) + row.sold
            await tx.execute(_LET_BUCKET_GO if row.sold else _DROP_BUCKET, at)
    return sold


async def end(tx: Tx, ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Those of the offers that have nothing left are over; which they are."""
    return set((await tx.execute(_END, {"ids": list(ids), "now": now})).scalars())


def _params(returns: Returns, ids: Sequence[UUID]) -> dict[str, Any]:
    return {
        "event_id": returns.event_id,
        "returned_id": returns.allotment_id,
        "ids": list(ids),
    }
