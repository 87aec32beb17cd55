"""The writes that decide who has a place. Each names the state that it expects.

Rows are locked in sorted order (event, seat; tier, bucket), so that no two of these statements
can wait for each other in a circle.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.seats.domain import Holding

_CLAIM_SEATS = text("""
    WITH wanted AS (
        SELECT seat_index FROM seats.seat
        WHERE event_id = :event_id AND seat_index = ANY(:indexes)
            AND (state = 'a' OR (state = 'b' AND (allotment_id = ANY(:opened) OR EXISTS (
                SELECT FROM seats.allotment AS t
                WHERE t.id = allotment_id AND t.purpose = 'sale'))))
        ORDER BY seat_index FOR UPDATE)
    UPDATE seats.seat AS seat SET state = 'h', reservation_id = :reservation_id FROM wanted
    WHERE seat.event_id = :event_id AND seat.seat_index = wanted.seat_index
    RETURNING seat.seat_index""")

# No index says what a reservation holds: whoever writes says where its seats are.
_SELL_SEATS = text("""
    WITH held AS (
        SELECT s.event_id, s.seat_index
        FROM unnest(CAST(:owner_ids AS uuid[]), CAST(:event_ids AS uuid[]),
            CAST(:indexes AS int[])) AS h (owner_id, event_id, seat_index)
        JOIN seats.seat AS s USING (event_id, seat_index)
        WHERE s.reservation_id = h.owner_id AND s.state = 'h'
        ORDER BY s.event_id, s.seat_index FOR UPDATE OF s)
    UPDATE seats.seat AS seat SET state = 's' FROM held
    WHERE seat.event_id = held.event_id AND seat.seat_index = held.seat_index""")

_RELEASE_SEATS = text("""
    WITH owned AS (
        SELECT s.event_id, s.seat_index, (SELECT r.allotment_id FROM seats.returns AS r
            WHERE r.event_id = s.event_id AND r.is_kept) AS returned_id
        FROM unnest(CAST(:owner_ids AS uuid[]), CAST(:event_ids AS uuid[]),
            CAST(:indexes AS int[])) AS h (owner_id, event_id, seat_index)
        JOIN seats.seat AS s USING (event_id, seat_index)
        WHERE s.reservation_id = h.owner_id
        ORDER BY s.event_id, s.seat_index FOR UPDATE OF s)
    UPDATE seats.seat AS seat SET reservation_id = NULL,
        allotment_id = coalesce(seat.allotment_id, returned_id),
        state = CASE WHEN coalesce(seat.allotment_id, returned_id) IS NULL THEN 'a' ELSE 'b' END
    FROM owned
    WHERE seat.event_id = owned.event_id AND seat.seat_index = owned.seat_index""")

_TAKE_GENERAL = text("""
    WITH chosen AS MATERIALIZED (
        SELECT tier_id, bucket, quantity FROM seats.choose_buckets(
            ARRAY[1], ARRAY[CAST(:tier_id AS uuid)], ARRAY[CAST(:quantity AS int)],
            array_fill(1, ARRAY[cardinality(CAST(:opened AS uuid[]))]),
            CAST(:opened AS uuid[]), true)
        WHERE bucket IS NOT NULL)
    UPDATE seats.general_bucket AS b
    SET remaining = remaining - chosen.quantity, held = held + chosen.quantity FROM chosen
    WHERE b.tier_id = chosen.tier_id AND b.bucket = chosen.bucket
    RETURNING b.bucket, chosen.quantity""")

_KEEP_CLAIM = text("""
    INSERT INTO seats.general_claim (reservation_id, tier_id, bucket, quantity, state)
    VALUES (:reservation_id, :tier_id, :bucket, :quantity, 'h')""")

_SELL_GENERAL = text("""
    WITH sold AS (
        UPDATE seats.general_claim SET state = 's'
        WHERE reservation_id = ANY(:reservation_ids) AND state = 'h'
        RETURNING tier_id, bucket, quantity),
    paid AS (
        SELECT tier_id, bucket, sum(quantity) AS quantity FROM sold GROUP BY tier_id, bucket),
    locked AS (
        SELECT b.tier_id, b.bucket, paid.quantity
        FROM seats.general_bucket AS b JOIN paid USING (tier_id, bucket)
        ORDER BY b.tier_id, b.bucket FOR UPDATE OF b)
    UPDATE seats.general_bucket AS b
    SET held = held - locked.quantity, sold = sold + locked.quantity FROM locked
    WHERE b.tier_id = locked.tier_id AND b.bucket = locked.bucket""")

_RELEASE_GENERAL = text("""
    WITH gone AS (
        DELETE FROM seats.general_claim WHERE reservation_id = ANY(:reservation_ids)
        RETURNING tier_id, bucket, quantity, state),
    back AS (
        SELECT tier_id, bucket,
            coalesce(sum(quantity) FILTER (WHERE state = 'h'), 0) AS was_held,
            coalesce(sum(quantity) FILTER (WHERE state = 's'), 0) AS was_sold
        FROM gone GROUP BY tier_id, bucket),
    -- Where returns are kept, everybody's places go on into the bucket of those.
    moved AS MATERIALIZED (
        SELECT back.*, was_held + was_sold AS n, (
            SELECT kept.bucket FROM seats.general_bucket AS kept
            WHERE b.allotment_id IS NULL AND kept.tier_id = b.tier_id AND kept.allotment_id = (
                SELECT r.allotment_id FROM seats.returns AS r
                WHERE r.event_id = b.event_id AND r.is_kept)) AS into_bucket
        FROM back JOIN seats.general_bucket AS b USING (tier_id, bucket)),
    changes AS (
        SELECT tier_id, bucket, sum(remaining) AS remaining, sum(was_held) AS was_held,
            sum(was_sold) AS was_sold, sum(capacity) AS capacity
        FROM (
            SELECT tier_id, bucket, CASE WHEN into_bucket IS NULL THEN n ELSE 0 END AS remaining,
                was_held, was_sold, CASE WHEN into_bucket IS NULL THEN 0 ELSE -n END AS capacity
            FROM moved
            UNION ALL
            SELECT tier_id, into_bucket, n, 0, 0, n FROM moved WHERE into_bucket IS NOT NULL) AS m
        GROUP BY tier_id, bucket),
    locked AS (
        SELECT b.tier_id, b.bucket, c.remaining, c.was_held, c.was_sold, c.capacity
        FROM seats.general_bucket AS b JOIN changes AS c USING (tier_id, bucket)
        ORDER BY b.tier_id, b.bucket FOR UPDATE OF b)
    UPDATE seats.general_bucket AS b SET
        capacity = b.capacity + locked.capacity, remaining = b.remaining + locked.remaining,
        held = b.held - locked.was_held, sold = b.sold - locked.was_sold
    FROM locked WHERE b.tier_id = locked.tier_id AND b.bucket = locked.bucket""")

# Of several buyers at once. Which allotments are open is each buyer's own.
_UNOWNED = text("""
    SELECT s.event_id, s.seat_index, s.allotment_id
    FROM unnest(CAST(:event_ids AS uuid[]), CAST(:indexes AS int[])) AS w (event_id, seat_index)
    JOIN seats.seat AS s USING (event_id, seat_index)
    WHERE s.state = 'a' OR (s.state = 'b' AND s.allotment_id IS NOT NULL)""")


async def claim_seats(
    tx: Tx,
    event_id: UUID,
    reservation_id: UUID,
    indexes: Sequence[int],
    *,
    opened: Sequence[UUID],
) -> set[int]:
    """Hold those of the seats that are available; answers which they were."""
    rows = await tx.execute(
        _CLAIM_SEATS,
        {
            "event_id": event_id,
            "reservation_id": reservation_id,
            "indexes": list(indexes),
            "opened": list(opened),
        },
    )
    return {row.seat_index for row in rows}


async def take_general(
    tx: Tx, tier_id: UUID, quantity: int, *, opened: Sequence[UUID]
) -> list[tuple[int, int]]:
    """Hold places of a tier: (bucket, quantity) of each bucket taken from, empty if too few."""
    rows = await tx.execute(
        _TAKE_GENERAL, {"tier_id": tier_id, "quantity": quantity, "opened": list(opened)}
    )
    return [(row.bucket, row.quantity) for row in rows]


async def keep_general_claims(
    tx: Tx, reservation_id: UUID, tier_id: UUID, parts: Sequence[tuple[int, int]]
) -> None:
    await tx.execute(
        _KEEP_CLAIM,
        [
            {
                "reservation_id": reservation_id,
                "tier_id": tier_id,
                "bucket": bucket,
                "quantity": quantity,
            }
            for bucket, quantity in parts
        ],
    )


async def sell(tx: Tx, holdings: Sequence[Holding]) -> None:
    seats = _seats_of(holdings)
    if seats["indexes"]:
        await tx.rows(_SELL_SEATS, seats)
    general = [each.owner_id for each in holdings if each.has_general]
    if general:
        await tx.execute(_SELL_GENERAL, {"reservation_ids": general})


async def release(tx: Tx, holdings: Sequence[Holding]) -> None:
    await tx.execute(_RELEASE_SEATS, _seats_of(holdings))
    await tx.execute(_RELEASE_GENERAL, {"reservation_ids": [each.owner_id for each in holdings]})


def _seats_of(holdings: Sequence[Holding]) -> dict[str, list[object]]:
    seats = [(each, index) for each in holdings for index in each.indexes]
    return {
        "owner_ids": [each.owner_id for each, _ in seats],
        "event_ids": [each.event_id for each, _ in seats],
        "indexes": [index for _, index in seats],
    }


async def read_unowned(
    reader: Reader, seats: Iterable[tuple[UUID, int]]
) -> dict[tuple[UUID, int], UUID | None]:
    """Those of the seats, (event, index), that nobody holds or bought, with the allotment that
    keeps each back, if one does.
    """
    asked = list(seats)
    values = {
        "event_ids": [event_id for event_id, _ in asked],
        "indexes": [index for _, index in asked],
    }
    rows = await reader.rows(_UNOWNED, values)
    return {(row["event_id"], row["seat_index"]): row["allotment_id"] for row in rows}


_CHANGED_SOLD_OUT = text("""
    SELECT event_id, NOT unsold AS sold_out FROM (
        SELECT e.id AS event_id, e.sold_out,
            EXISTS (SELECT FROM seats.seat AS s
                WHERE s.event_id = e.id AND s.state IN ('a', 'h'))
            OR EXISTS (SELECT FROM seats.general_bucket AS b
                WHERE b.event_id = e.id AND (b.held > 0
                    OR b.remaining > 0 AND b.allotment_id IS NULL)) AS unsold
        FROM events.event AS e
        WHERE e.published_at IS NOT NULL AND e.cancelled_at IS NULL
            AND now() BETWEEN e.sale_opens_at AND e.sale_closes_at) AS each
    WHERE sold_out = unsold""")


async def list_changed_sold_out(reader: Reader) -> list[tuple[UUID, bool]]:
    rows = await reader.execute(_CHANGED_SOLD_OUT)
    return [(row.event_id, row.sold_out) for row in rows]
