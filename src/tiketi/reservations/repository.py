"""SQL of the reservations module: the rows themselves."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.reservations.domain import Item, Reservation, ReservationStatus
from tiketi.seats.api import Holding

# The items as one JSON array a row: one round trip for a page of reservations.
_SELECT = """
    SELECT r.id, r.number, r.event_id, r.user_id, r.status, r.amount_minor, r.currency,
        r.expires_at, r.extended, r.created_at, r.confirmed_at,
        (SELECT json_agg(json_build_array(i.tier_id, i.unit_price_minor, i.quantity,
                i.seat_index, i.seat_id, i.section) ORDER BY i.position)
            FROM reservations.item AS i WHERE i.reservation_id = r.id) AS item_list
    FROM reservations.reservation AS r """

_LIST = text(_SELECT + "WHERE r.id = ANY(:ids) ORDER BY r.id DESC")
# What the rows hold is never written again, so that only the rows themselves are locked.
_LOCK = text(_SELECT + "WHERE r.id = ANY(:ids) ORDER BY r.id FOR UPDATE OF r")
_STATUSES = text("SELECT id, status FROM reservations.reservation WHERE id = ANY(:ids)")
_LIST_OF_USER = text(
    _SELECT
    + """
    WHERE r.user_id = :user_id AND (CAST(:before AS uuid) IS NULL OR r.id < :before)
        AND (CAST(:status AS text) IS NULL OR r.status = :status)
        AND (CAST(:event_id AS uuid) IS NULL OR r.event_id = :event_id)
    ORDER BY r.id DESC LIMIT :limit"""
)
_SET_STATUS = text("""
    UPDATE reservations.reservation SET status = :status,
        confirmed_at = CASE WHEN :status = 'confirmed' THEN CAST(:now AS timestamptz)
            ELSE confirmed_at END,
        ended_at = CASE WHEN :status = 'confirmed' THEN NULL ELSE CAST(:now AS timestamptz) END
    WHERE id = ANY(:ids) AND status = ANY(:expected) RETURNING id""")
_EXTEND = text("""
    UPDATE reservations.reservation
    SET expires_at = GREATEST(expires_at, :until), extended = true
    WHERE id = ANY(:ids) AND status = 'pending' AND NOT extended
    RETURNING id, expires_at""")
_EXPIRED = text("""
    SELECT id FROM reservations.reservation
    WHERE status = 'pending' AND expires_at <= :now
    ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED""")
_PENDING_OF_CANCELLED = text("""
    SELECT r.id FROM reservations.reservation AS r
    JOIN events.event AS e ON e.id = r.event_id AND e.cancelled_at IS NOT NULL
    WHERE r.status = 'pending' LIMIT :limit FOR UPDATE OF r SKIP LOCKED""")
_HOLDINGS = text("""
    SELECT r.id, r.event_id, ARRAY(SELECT i.seat_index FROM reservations.item AS i
        WHERE i.reservation_id = r.id AND i.seat_index IS NOT NULL) AS indexes
    FROM reservations.reservation AS r WHERE r.id = ANY(:ids)""")
_BUYERS = text("""
    SELECT event_id, count(DISTINCT user_id) AS people FROM reservations.reservation
    WHERE event_id = ANY(:event_ids) GROUP BY event_id""")


async def find(reader: Reader, reservation_id: UUID) -> Reservation | None:
    return next(iter(await list_by_id(reader, [reservation_id])), None)


async def list_by_id(reader: Reader, ids: Sequence[UUID]) -> list[Reservation]:
    """Those of the ids, newest first."""
    return [to_reservation(row) for row in await reader.rows(_LIST, {"ids": list(ids)})]


async def read_statuses(reader: Reader, ids: Collection[UUID]) -> dict[UUID, ReservationStatus]:
    """Where those of the ids stand."""
    rows = await reader.rows(_STATUSES, {"ids": list(ids)})
    return {row["id"]: ReservationStatus(row["status"]) for row in rows}


async def find_all(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, Reservation]:
    """Those of the ids, by id."""
    return {found.id: found for found in await list_by_id(reader, ids)}


async def lock(tx: Tx, reservation_id: UUID) -> Reservation | None:
    """The reservation with its row locked until the transaction ends."""
    return next(iter(await lock_all(tx, [reservation_id])), None)


async def list_holdings(reader: Reader, ids: Sequence[UUID]) -> list[Holding]:
    """Where the seats of the reservations are; one without a seat too."""
    rows = await reader.execute(_HOLDINGS, {"ids": list(ids)})
    return [Holding(row.id, row.event_id, row.indexes) for row in rows]


async def lock_all(tx: Tx, ids: Sequence[UUID]) -> list[Reservation]:
    """Those of the ids, their rows locked, in sorted order, until the transaction ends."""
    return [to_reservation(row) for row in await tx.rows(_LOCK, {"ids": list(ids)})]


async def list_of_user(
    reader: Reader,
    user_id: UUID,
    *,
    before: UUID | None,
    status: ReservationStatus | None,
    event_id: UUID | None,
    limit: int,
) -> list[Reservation]:
    """Newest first, those before the given id."""
    rows = await reader.rows(
        _LIST_OF_USER,
        {
            "user_id": user_id,
            "before": before,
            "status": status,
            "event_id": event_id,
            "limit": limit,
        },
    )
    return [to_reservation(row) for row in rows]


async def set_status(
    tx: Tx,
    ids: Sequence[UUID],
    status: ReservationStatus,
    *,
    expected: Sequence[ReservationStatus],
    now: datetime,
) -> list[UUID]:
    """Move those that still are as expected; answers which moved."""
    rows = await tx.rows(
        _SET_STATUS, {"ids": list(ids), "status": status, "expected": list(expected), "now": now}
    )
    return [row["id"] for row in rows]


async def extend(tx: Tx, ids: Sequence[UUID], until: datetime) -> dict[UUID, datetime]:
    """The new ends of the holds by id, without those extended before or no longer pending."""
    rows = await tx.rows(_EXTEND, {"ids": list(ids), "until": until})
    return {row["id"]: row["expires_at"] for row in rows}


async def lock_expired(tx: Tx, now: datetime, limit: int) -> list[UUID]:
    return list((await tx.execute(_EXPIRED, {"now": now, "limit": limit})).scalars())


async def lock_pending_of_cancelled(tx: Tx, limit: int) -> list[UUID]:
    return list((await tx.execute(_PENDING_OF_CANCELLED, {"limit": limit})).scalars())


async def count_buyers(reader: Reader, event_ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = await reader.execute(_BUYERS, {"event_ids": list(event_ids)})
    return {row.event_id: row.people for row in rows}


def to_reservation(row: Any) -> Reservation:
    return Reservation(
        id=row["id"],
        number=row["number"],
        event_id=row["event_id"],
        user_id=row["user_id"],
        status=ReservationStatus(row["status"]),
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        items=tuple(
            Item(UUID(tier_id), price, quantity, seat_index, seat_id, section)
            for tier_id, price, quantity, seat_index, seat_id, section in row["item_list"] or ()
        ),
        expires_at=row["expires_at"],
        extended=row["extended"],
        created_at=row["created_at"],
        confirmed_at=row["confirmed_at"],
    )
