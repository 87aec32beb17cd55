"""What an event's audience is reckoned from: the organizer's number, the artist's past sales."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from tiketi.events.domain import PastSale
from tiketi.infra.postgres import Reader, Tx

_SET_EXPECTED = text("""
    UPDATE events.event SET expected_audience = :expected, updated_at = :now
    WHERE id = :event_id""")
_PAST = text("""
    SELECT e.id AS event_id, e.sale_opens_at AS sale_opened_at,
        (SELECT coalesce(sum(t.capacity), 0)::bigint FROM events.tier AS t
         WHERE t.event_id = e.id) AS places
    FROM events.event AS e
    WHERE lower(e.artist) = lower(:artist) AND e.artist <> '' AND e.published_at IS NOT NULL
        AND e.sale_opens_at <= :opened_before AND e.id <> :but
        AND (e.cancelled_at IS NULL OR e.cancelled_at > e.sale_opens_at + :lasted)
    ORDER BY e.sale_opens_at DESC, e.id DESC LIMIT :limit""")


async def set_expected_audience(
    tx: Tx, event_id: UUID, expected: int | None, now: datetime
) -> None:
    await tx.execute(_SET_EXPECTED, {"event_id": event_id, "expected": expected, "now": now})


async def list_past_sales(
    reader: Reader, artist: str, *, but: UUID, now: datetime, lasted: timedelta, limit: int
) -> list[PastSale]:
    values = {
        "artist": artist,
        "but": but,
        "opened_before": now - lasted,
        "lasted": lasted,
        "limit": limit,
    }
    rows = await reader.execute(_PAST, values)
    return [PastSale(**row) for row in rows.mappings()]
