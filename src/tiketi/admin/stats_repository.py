"""The figures of a sale in SQL. Reports read across the modules' schemas, and write to none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader

# What a report is about: one event, one organizer's events, or all.
_SCOPE = """(CAST(:event_id AS uuid) IS NULL OR r.event_id = :event_id)
        AND (CAST(:organizer_id AS uuid) IS NULL OR r.event_id IN
            (SELECT id FROM events.event WHERE organizer_id = :organizer_id))"""

_TIERS = text("""
    SELECT t.id, t.name, t.kind, t.capacity,
        coalesce(s.available, g.available, 0) AS available,
        coalesce(s.held, g.held, 0) AS held, coalesce(s.sold, g.sold, 0) AS sold
    FROM events.tier AS t
    LEFT JOIN (
        SELECT tier_id, count(*) FILTER (WHERE state = 'a') AS available,
            count(*) FILTER (WHERE state = 'h') AS held, count(*) FILTER (WHERE state = 's') AS sold
        FROM seats.seat WHERE event_id = :event_id GROUP BY tier_id) AS s ON s.tier_id = t.id
    LEFT JOIN (
        SELECT tier_id, sum(held)::bigint AS held, sum(sold)::bigint AS sold,
            coalesce(sum(remaining) FILTER (WHERE allotment_id IS NULL), 0)::bigint AS available
        FROM seats.general_bucket WHERE event_id = :event_id GROUP BY tier_id) AS g
        ON g.tier_id = t.id
    WHERE t.event_id = :event_id ORDER BY t.position""")
_BY_STATUS = text(f"""
    SELECT r.status, count(*) AS reservations FROM reservations.reservation AS r
    WHERE {_SCOPE} GROUP BY r.status""")  # noqa: S608 # a constant of this file
_REVENUE = text(f"""
    SELECT r.currency, sum(r.amount_minor)::bigint AS gross_minor,
        sum(r.refunded_minor)::bigint AS refunded_minor
    FROM payments.payment AS r
    WHERE r.status IN ('succeeded', 'partially_refunded', 'refunded') AND {_SCOPE}
    GROUP BY r.currency ORDER BY r.currency""")  # noqa: S608 # a constant of this file
_TICKETS = text(f"""
    SELECT count(*) AS issued, count(*) FILTER (WHERE t.status = 'used') AS used
    FROM reservations.reservation AS r
    JOIN tickets.ticket AS t ON t.reservation_id = r.id AND t.status <> 'void'
    WHERE r.status = 'confirmed' AND {_SCOPE}""")  # noqa: S608 # a constant of this file
# A row's id tells when it was made, so that the index finds the latest ones.
_MADE = text(f"""
    SELECT date_trunc('minute', r.created_at) AS minute, count(*) AS reservations
    FROM reservations.reservation AS r
    WHERE r.id >= :made_from AND r.created_at >= :since AND {_SCOPE}
    GROUP BY minute""")  # noqa: S608 # a constant of this file
_CONFIRMED = text(f"""
    SELECT date_trunc('minute', r.confirmed_at) AS minute, r.currency, count(*) AS reservations,
        sum(r.amount_minor)::bigint AS amount_minor
    FROM reservations.reservation AS r
    WHERE r.id >= :paid_from AND r.confirmed_at >= :since AND {_SCOPE}
    GROUP BY minute, r.currency""")  # noqa: S608 # a constant of this file
_QUEUES = text("""
    SELECT id FROM events.event AS e
    WHERE queue_enabled AND published_at IS NOT NULL AND cancelled_at IS NULL
        AND sale_closes_at > :now
        AND (CAST(:organizer_id AS uuid) IS NULL OR organizer_id = :organizer_id)
    ORDER BY sale_opens_at, id LIMIT :limit""")


@dataclass(frozen=True, slots=True)
class Scope:
    """One event, else all events of one organizer, else all."""

    event_id: UUID | None = None
    organizer_id: UUID | None = None

    @property
    def values(self) -> dict[str, Any]:
        return {"event_id": self.event_id, "organizer_id": self.organizer_id}


async def list_tiers(reader: Reader, event_id: UUID) -> list[dict[str, Any]]:
    """By tier: id, name, kind, capacity, and how many places are available, held and sold."""
    rows = await reader.execute(_TIERS, {"event_id": event_id})
    return [dict(row) for row in rows.mappings()]


async def count_by_status(reader: Reader, scope: Scope) -> dict[str, int]:
    rows = await reader.execute(_BY_STATUS, scope.values)
    return {row.status: row.reservations for row in rows}


async def sum_revenue(reader: Reader, scope: Scope) -> dict[str, tuple[int, int]]:
    """(taken, given back) in minor units by currency."""
    rows = await reader.execute(_REVENUE, scope.values)
    return {row.currency: (row.gross_minor, row.refunded_minor) for row in rows}


async def count_tickets(reader: Reader, scope: Scope) -> tuple[int, int]:
    """(issued and not void, used)."""
    row = (await reader.execute(_TICKETS, scope.values)).one()
    return row.issued, row.used


async def count_made(
    reader: Reader, scope: Scope, *, since: datetime, made_from: UUID
) -> dict[datetime, int]:
    """Reservations made, by minute; ``made_from`` is the least id that one of them can have."""
    values = {**scope.values, "since": since, "made_from": made_from}
    rows = await reader.execute(_MADE, values)
    return {row.minute: row.reservations for row in rows}


async def list_confirmed(
    reader: Reader, scope: Scope, *, since: datetime, paid_from: UUID
) -> Sequence[Any]:
    """By minute and currency: reservations confirmed, and what they cost."""
    values = {**scope.values, "since": since, "paid_from": paid_from}
    return (await reader.execute(_CONFIRMED, values)).all()


async def list_open_queues(
    reader: Reader, organizer_id: UUID | None, *, now: datetime, limit: int
) -> list[UUID]:
    """Events with a queue whose sale is not over."""
    values = {"organizer_id": organizer_id, "now": now, "limit": limit}
    return list((await reader.execute(_QUEUES, values)).scalars())
