"""Who holds what, as PostgreSQL has it."""

from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader

_STATES = text("""
    SELECT coalesce(string_agg(state::text, '' ORDER BY seat_index), '') FROM seats.seat
    WHERE event_id = :event_id""")
_REMAINING = text("""
    SELECT tier_id,
        coalesce(sum(remaining) FILTER (WHERE allotment_id IS NULL), 0)::int AS remaining
    FROM seats.general_bucket WHERE event_id = :event_id GROUP BY tier_id ORDER BY tier_id""")


async def read_states(reader: Reader, event_id: UUID) -> str:
    """One character a seat, in seat-map order."""
    states: str = (await reader.execute(_STATES, {"event_id": event_id})).scalar_one()
    return states


async def read_remaining(reader: Reader, event_id: UUID) -> dict[UUID, int]:
    """General places left to everybody, by tier."""
    rows = await reader.execute(_REMAINING, {"event_id": event_id})
    return {row.tier_id: row.remaining for row in rows}
