"""SQL of waiting lists: the entries as their owners see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.kernel.ids import new_id
from tiketi.reservations.waiting_list.domain import Entry, EntryStatus, Offer, PartyWish

_SELECT = """
    SELECT w.id, w.number, w.event_id, w.user_id, w.quantity, w.tier_ids, w.adjacent, w.status,
        w.passed_over, w.gathering_since, w.created_at, w.expires_at,
        a.id AS allotment_id, a.seat_indexes, a.tier_ids AS general_tiers, a.places,
        CASE WHEN w.status = 'waiting' THEN (
            SELECT count(*) FROM reservations.waiting_entry AS before
            WHERE before.event_id = w.event_id AND before.status = 'waiting'
                AND before.number <= w.number) END AS position
    FROM reservations.waiting_entry AS w
    LEFT JOIN seats.allotment AS a ON a.id = w.allotment_id AND w.status = 'offered' """
_FIND = text(_SELECT + "WHERE w.id = :id")
_FIND_LIVE = text(
    _SELECT
    + """
    WHERE w.event_id = :event_id AND w.user_id = :user_id AND w.status IN ('waiting', 'offered')"""
)
_LIST = text(
    _SELECT
    + """
    WHERE w.user_id = :user_id AND (CAST(:before AS uuid) IS NULL OR w.id < :before)
        AND (CAST(:event_id AS uuid) IS NULL OR w.event_id = :event_id)
    ORDER BY w.id DESC LIMIT :limit"""
)
_FIND_OFFER = text("""
    SELECT a.id AS allotment_id, w.expires_at, a.seat_indexes, a.tier_ids AS general_tiers, a.places
    FROM reservations.waiting_entry AS w JOIN seats.allotment AS a ON a.id = w.allotment_id
    WHERE w.event_id = :event_id AND w.user_id = :user_id AND w.status = 'offered'""")
_HAS = text("""
    SELECT EXISTS (SELECT FROM reservations.waiting_entry
        WHERE event_id = :event_id AND status IN ('waiting', 'offered'))""")
_INSERT = text("""
    INSERT INTO reservations.waiting_entry
        (id, event_id, user_id, quantity, tier_ids, adjacent, status, created_at)
    VALUES (:id, :event_id, :user_id, :quantity, :tier_ids, :adjacent, 'waiting', :now)
    ON CONFLICT (event_id, user_id) WHERE status IN ('waiting', 'offered') DO NOTHING""")
_LEAVE = text("""
    UPDATE reservations.waiting_entry SET status = 'left', ended_at = :now
    WHERE id = :id AND user_id = :user_id AND status IN ('waiting', 'offered')""")


async def find(reader: Reader, entry_id: UUID) -> Entry | None:
    row = (await reader.execute(_FIND, {"id": entry_id})).first()
    return to_entry(row) if row is not None else None


async def find_live(reader: Reader, event_id: UUID, user_id: UUID) -> Entry | None:
    """The account's entry that waits or is offered something."""
    params = {"event_id": event_id, "user_id": user_id}
    row = (await reader.execute(_FIND_LIVE, params)).first()
    return to_entry(row) if row is not None else None


async def list_of_user(
    reader: Reader, user_id: UUID, *, event_id: UUID | None, before: UUID | None, limit: int
) -> list[Entry]:
    """Newest first, those before the given id."""
    rows = await reader.execute(
        _LIST, {"user_id": user_id, "event_id": event_id, "before": before, "limit": limit}
    )
    return [to_entry(row) for row in rows]


async def find_offer(reader: Reader, event_id: UUID, user_id: UUID) -> Offer | None:
    """What is offered to the account, its time over or not, until its places went on."""
    params = {"event_id": event_id, "user_id": user_id}
    row = (await reader.execute(_FIND_OFFER, params)).first()
    return _offer(row) if row is not None else None


async def has_entries(reader: Reader, event_id: UUID) -> bool:
    """Whether anybody waits, or is offered something."""
    return bool((await reader.execute(_HAS, {"event_id": event_id})).scalar_one())


async def insert(tx: Tx, event_id: UUID, user_id: UUID, wish: PartyWish, now: datetime) -> bool:
    """False when the account waits already."""
    done = await tx.execute(
        _INSERT,
        {
            "id": new_id(),
            "event_id": event_id,
            "user_id": user_id,
            "quantity": wish.quantity,
            "tier_ids": list(wish.tier_ids),
            "adjacent": wish.adjacent,
            "now": now,
        },
    )
    return done.rowcount == 1


async def leave(tx: Tx, entry_id: UUID, user_id: UUID, now: datetime) -> None:
    await tx.execute(_LEAVE, {"id": entry_id, "user_id": user_id, "now": now})


def to_entry(row: Any) -> Entry:
    return Entry(
        id=row.id,
        number=row.number,
        event_id=row.event_id,
        user_id=row.user_id,
        wish=PartyWish(row.quantity, tuple(row.tier_ids), row.adjacent),
        status=EntryStatus(row.status),
        position=row.position,
        offer=_offer(row) if row.allotment_id is not None else None,
        passed_over=row.passed_over,
        gathering_since=row.gathering_since,
        created_at=row.created_at,
    )


def _offer(row: Any) -> Offer:
    general: Sequence[tuple[UUID, int]] = list(zip(row.general_tiers, row.places, strict=True))
    return Offer(row.allotment_id, row.expires_at, row.seat_indexes, dict(general))
