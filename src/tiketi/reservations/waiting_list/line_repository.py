"""SQL of waiting lists: the line of one event, as who serves it reads and writes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.reservations.waiting_list.domain import Entry
from tiketi.reservations.waiting_list.repository import to_entry

# The same event is not looked at by every process in its turn.
LOOK_GAP_SECONDS = 0.4
# Some time after the last who came: nobody is still on the way onto the list (seats/returns.py).
IDLE_SECONDS = 60.0

_DUE = text("""
    SELECT r.event_id FROM seats.returns AS r
    LEFT JOIN LATERAL (
        SELECT true AS live FROM reservations.waiting_entry AS w
        WHERE w.event_id = r.event_id AND w.status IN ('waiting', 'offered') LIMIT 1) AS l ON true
    WHERE r.looked_at <= :looked_before AND (
        (r.is_kept AND r.looked_at < r.look_until)
        OR (r.is_kept AND l.live IS NULL AND r.look_until < :idle_before)
        OR EXISTS (SELECT FROM reservations.waiting_entry AS w
            WHERE w.event_id = r.event_id AND w.allotment_id IS NOT NULL)
        OR EXISTS (SELECT FROM seats.seat AS s
            WHERE s.event_id = r.event_id AND s.allotment_id = r.allotment_id)
        OR EXISTS (SELECT FROM seats.general_bucket AS b
            WHERE b.allotment_id = r.allotment_id AND b.remaining > 0)
        OR (l.live AND EXISTS (SELECT FROM events.event AS e WHERE e.id = r.event_id
            AND (e.cancelled_at IS NOT NULL OR e.sale_closes_at <= :now))))
    ORDER BY r.looked_at LIMIT :limit""")
_LINE = text("""
    SELECT w.*, CAST(NULL AS bigint) AS position
    FROM (
        SELECT each.*, row_number() OVER (
            PARTITION BY quantity, adjacent, tier_ids ORDER BY number) AS nth
        FROM reservations.waiting_entry AS each
        WHERE event_id = :event_id AND status = 'waiting') AS w
    WHERE w.nth <= :alike_max ORDER BY w.number LIMIT :limit""")
_UNSETTLED = text("""
    SELECT allotment_id, status <> 'offered' OR expires_at <= :now AS is_over
    FROM reservations.waiting_entry
    WHERE event_id = :event_id AND allotment_id IS NOT NULL
    ORDER BY allotment_id LIMIT :limit""")
_BOUGHT = text("""
    UPDATE reservations.waiting_entry AS w SET bought = w.bought + s.places
    FROM unnest(CAST(:ids AS uuid[]), CAST(:places AS int[])) AS s (id, places)
    WHERE w.event_id = :event_id AND w.allotment_id = s.id""")
_SETTLED = text("""
    UPDATE reservations.waiting_entry SET allotment_id = NULL,
        status = CASE WHEN status <> 'offered' THEN status WHEN bought > 0 THEN 'bought'
            ELSE 'expired' END,
        ended_at = coalesce(ended_at, :now)
    WHERE event_id = :event_id AND allotment_id = ANY(:ids)""")
_OFFER = text("""
    UPDATE reservations.waiting_entry AS w
    SET status = 'offered', allotment_id = o.allotment_id, expires_at = :expires_at,
        gathering_since = NULL
    FROM unnest(CAST(:ids AS uuid[]), CAST(:allotment_ids AS uuid[])) AS o (id, allotment_id)
    WHERE w.id = o.id""")
_LOCK_WAITING = text("""
    SELECT id FROM reservations.waiting_entry WHERE id = ANY(:ids) AND status = 'waiting'
    ORDER BY id FOR UPDATE""")
_PASS_OVER = text("""
    UPDATE reservations.waiting_entry SET passed_over = passed_over + 1
    WHERE id = ANY(:ids) AND status = 'waiting'""")
_GATHER = text("""
    UPDATE reservations.waiting_entry SET gathering_since = :now
    WHERE id = ANY(:ids) AND status = 'waiting' AND gathering_since IS NULL""")
_GIVE_UP_GATHERING = text("""
    UPDATE reservations.waiting_entry SET gathering_since = NULL, passed_over = 0
    WHERE id = ANY(:ids) AND status = 'waiting'""")
_END = text("""
    UPDATE reservations.waiting_entry SET
        status = CASE WHEN status = 'waiting' THEN 'expired' ELSE status END,
        expires_at = LEAST(expires_at, CAST(:now AS timestamptz)),
        ended_at = CASE WHEN status = 'waiting' THEN CAST(:now AS timestamptz) END
    WHERE id IN (SELECT id FROM reservations.waiting_entry
        WHERE event_id = :event_id AND status IN ('waiting', 'offered') LIMIT :limit)""")


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Offers that have places yet: ``over`` those whose time has passed or whose owner left."""

    live: Sequence[UUID]
    over: Sequence[UUID]


async def list_due(reader: Reader, now: datetime, limit: int) -> list[UUID]:
    """The events whose waiting list has something to do, the longest unseen first."""
    rows = await reader.execute(
        _DUE,
        {
            "now": now,
            "looked_before": now - timedelta(seconds=LOOK_GAP_SECONDS),
            "idle_before": now - timedelta(seconds=IDLE_SECONDS),
            "limit": limit,
        },
    )
    return list(rows.scalars())


async def list_line(reader: Reader, event_id: UUID, *, alike_max: int, limit: int) -> list[Entry]:
    """Who waits, first come first, of those who wish for the same so many; without positions."""
    params = {"event_id": event_id, "alike_max": alike_max, "limit": limit}
    rows = await reader.execute(_LINE, params)
    return [_waiting(row) for row in rows]


async def list_unsettled(tx: Tx, event_id: UUID, now: datetime, limit: int) -> Unsettled:
    params = {"event_id": event_id, "now": now, "limit": limit}
    rows = (await tx.execute(_UNSETTLED, params)).all()
    return Unsettled(
        [row.allotment_id for row in rows if not row.is_over],
        [row.allotment_id for row in rows if row.is_over],
    )


async def note_bought(tx: Tx, event_id: UUID, bought: Mapping[UUID, int]) -> None:
    """Places that each offer has sold."""
    params = {"event_id": event_id, "ids": list(bought), "places": list(bought.values())}
    await tx.execute(_BOUGHT, params)


async def end_offers(tx: Tx, event_id: UUID, ids: Sequence[UUID], now: datetime) -> None:
    """The offers have nothing left: their entries are bought, expired or left."""
    await tx.execute(_SETTLED, {"event_id": event_id, "ids": list(ids), "now": now})


async def lock_waiting(tx: Tx, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the entries that still wait, and do until the transaction ends."""
    return set((await tx.execute(_LOCK_WAITING, {"ids": list(ids)})).scalars())


async def set_offered(tx: Tx, offers: Mapping[UUID, UUID], expires_at: datetime) -> None:
    """Entry → allotment, of entries that are locked."""
    await tx.execute(
        _OFFER,
        {
            "ids": list(offers),
            "allotment_ids": list(offers.values()),
            "expires_at": expires_at,
        },
    )


async def pass_over(tx: Tx, ids: Sequence[UUID]) -> None:
    await tx.execute(_PASS_OVER, {"ids": list(ids)})


async def gather(tx: Tx, ids: Sequence[UUID], now: datetime) -> None:
    await tx.execute(_GATHER, {"ids": list(ids), "now": now})


async def give_up_gathering(tx: Tx, ids: Sequence[UUID]) -> None:
    await tx.execute(_GIVE_UP_GATHERING, {"ids": list(ids)})


async def end_all(tx: Tx, event_id: UUID, now: datetime, limit: int) -> None:
    """Nobody waits any more, and no offer lives; at most ``limit`` of them."""
    await tx.execute(_END, {"event_id": event_id, "now": now, "limit": limit})


def _waiting(row: Any) -> Entry:
    assert row.allotment_id is None, "who waits is offered nothing"
    return to_entry(row)
