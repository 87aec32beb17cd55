"""SQL of the tickets module."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.tickets.domain import Ticket, TicketStatus

_COLUMNS = """
    id, code, reservation_id, event_id, user_id, tier_id, seat_id, status, checked_in_at, gate"""

_INSERT = text("""
    INSERT INTO tickets.ticket
        (id, code, reservation_id, position, place, event_id, user_id, tier_id, seat_id)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:codes AS text[]),
        CAST(:reservation_ids AS uuid[]), CAST(:positions AS smallint[]),
        CAST(:places AS smallint[]), CAST(:event_ids AS uuid[]), CAST(:user_ids AS uuid[]),
        CAST(:tier_ids AS uuid[]), CAST(:seat_ids AS text[]))""")
_OF_RESERVATIONS = text(f"""
    SELECT {_COLUMNS} FROM tickets.ticket WHERE reservation_id = ANY(:reservation_ids)
    ORDER BY reservation_id, position, place""")  # noqa: S608 # our own column names
_VOID = text("""
    UPDATE tickets.ticket SET status = 'void'
    WHERE reservation_id = :reservation_id AND status <> 'void'""")
_BY_CODE = text(f"SELECT {_COLUMNS} FROM tickets.ticket WHERE code = :code")  # noqa: S608 # our own
_CHECK_IN = text("""
    UPDATE tickets.ticket
    SET status = 'used', checked_in_at = :now, checked_in_by = :actor_id, gate = :gate
    WHERE code = :code AND status = 'valid'""")


async def insert(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """One row a ticket, by the names of its columns."""
    await tx.rows(
        _INSERT,
        {
            "reservation_ids": [row["reservation_id"] for row in rows],
            "event_ids": [row["event_id"] for row in rows],
            "user_ids": [row["user_id"] for row in rows],
            "ids": [row["id"] for row in rows],
            "codes": [row["code"] for row in rows],
            "positions": [row["position"] for row in rows],
            "places": [row["place"] for row in rows],
            "tier_ids": [row["tier_id"] for row in rows],
            "seat_ids": [row["seat_id"] for row in rows],
        },
    )


async def list_of_reservations(
    reader: Reader, reservation_ids: Sequence[UUID]
) -> dict[UUID, list[Ticket]]:
    """By reservation, those of each in the order of its items; none without a ticket."""
    found: dict[UUID, list[Ticket]] = {}
    for row in await reader.rows(_OF_RESERVATIONS, {"reservation_ids": list(reservation_ids)}):
        found.setdefault(row["reservation_id"], []).append(_ticket(row))
    return found


async def void_of_reservation(tx: Tx, reservation_id: UUID) -> None:
    await tx.execute(_VOID, {"reservation_id": reservation_id})


async def find_by_code(reader: Reader, code: str) -> Ticket | None:
    rows = await reader.rows(_BY_CODE, {"code": code})
    return _ticket(rows[0]) if rows else None


async def check_in(tx: Tx, code: str, *, now: datetime, actor_id: UUID, gate: str | None) -> bool:
    """Whether this call turned the ticket from valid to used."""
    done = await tx.execute(
        _CHECK_IN, {"code": code, "now": now, "actor_id": actor_id, "gate": gate}
    )
    return done.rowcount == 1


def _ticket(row: Record) -> Ticket:
    return Ticket(
        id=row["id"],
        code=row["code"],
        reservation_id=row["reservation_id"],
        event_id=row["event_id"],
        user_id=row["user_id"],
        tier_id=row["tier_id"],
        seat_id=row["seat_id"],
        status=TicketStatus(row["status"]),
        checked_in_at=row["checked_in_at"],
        gate=row["gate"],
    )
