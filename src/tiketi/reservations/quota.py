"""How many places an account has at an event: one row, so that parallel orders cannot both fit."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.reservations.errors import LimitExceeded

_TAKE = text("""
    INSERT INTO reservations.quota AS q (event_id, user_id, places, places_max)
    VALUES (:event_id, :user_id, :places, :limit)
    ON CONFLICT (event_id, user_id) DO UPDATE SET
        places = q.places + excluded.places, places_max = excluded.places_max
        WHERE q.places + excluded.places <= :limit
    RETURNING places""")
_COUNT = text("""
    SELECT places FROM reservations.quota WHERE event_id = :event_id AND user_id = :user_id""")
# Locked in sorted order before they are written, as everywhere.
_GIVE_BACK = text("""
    WITH back AS (
        SELECT r.event_id, r.user_id, sum(i.quantity) AS places
        FROM reservations.reservation AS r
        JOIN reservations.item AS i ON i.reservation_id = r.id
        WHERE r.id = ANY(:reservation_ids) GROUP BY r.event_id, r.user_id),
    locked AS (
        SELECT q.event_id, q.user_id, back.places FROM reservations.quota AS q
        JOIN back USING (event_id, user_id)
        ORDER BY q.event_id, q.user_id FOR UPDATE OF q)
    UPDATE reservations.quota AS q SET places = q.places - locked.places FROM locked
    WHERE q.event_id = locked.event_id AND q.user_id = locked.user_id""")


async def take_places(tx: Tx, event_id: UUID, user_id: UUID, places: int, limit: int) -> None:
    """Count the places for the account; LimitExceeded when they are too many."""
    if places > limit:
        raise LimitExceeded(limit)
    taken = await tx.execute(
        _TAKE, {"event_id": event_id, "user_id": user_id, "places": places, "limit": limit}
    )
    if taken.first() is None:
        raise LimitExceeded(limit)


async def count_places(reader: Reader, event_id: UUID, user_id: UUID) -> int:
    """How many places the account has."""
    found = await reader.execute(_COUNT, {"event_id": event_id, "user_id": user_id})
    return found.scalar_one_or_none() or 0


async def give_back_places(tx: Tx, reservation_ids: Sequence[UUID]) -> None:
    """Uncount the places of reservations that ended."""
    await tx.execute(_GIVE_BACK, {"reservation_ids": list(reservation_ids)})
