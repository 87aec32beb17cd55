"""Which reservations a search means. Reports read across the modules' schemas."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader
from tiketi.reservations.api import ReservationStatus

# Of all accounts that a search outside any event means, so many are looked into.
ACCOUNTS_MAX = 1_000

_PAGE = """
        AND (CAST(:organizer_id AS uuid) IS NULL OR e.organizer_id = :organizer_id)
        AND (CAST(:status AS text) IS NULL OR r.status = :status)
        AND (CAST(:before AS uuid) IS NULL OR r.id < :before)
    ORDER BY r.id DESC LIMIT :limit"""
_SELECT = """
    SELECT r.id, e.title FROM reservations.reservation AS r
    JOIN events.event AS e ON e.id = r.event_id"""
_ACCOUNT = """a.erased_at IS NULL AND (a.email_key LIKE :email_prefix
        OR lower(a.name) COLLATE "C" LIKE lower(:name_prefix))"""

_ALL = text(f"""{_SELECT}
    WHERE (CAST(:event_id AS uuid) IS NULL OR r.event_id = :event_id) {_PAGE}""")
# Within an event its reservations are walked, newest first.
_IN_EVENT = text(f"""{_SELECT}
    WHERE r.event_id = :event_id AND (
        r.number = :exact
        OR EXISTS (SELECT FROM auth.account AS a WHERE a.id = r.user_id AND {_ACCOUNT})
        OR EXISTS (SELECT FROM reservations.item AS i
            WHERE i.reservation_id = r.id AND i.seat_id = :exact)) {_PAGE}""")  # noqa: S608 # constants
# Without one, each way of finding has its index, but for seats.
_ANYWHERE = text(f"""
    WITH wanted AS MATERIALIZED (
        SELECT id FROM reservations.reservation WHERE number = :exact
        UNION
        SELECT mine.id FROM reservations.reservation AS mine WHERE mine.user_id IN (
            SELECT a.id FROM auth.account AS a WHERE {_ACCOUNT} LIMIT :accounts_max)
        UNION
        SELECT reservation_id FROM reservations.item WHERE seat_id = :exact)
    {_SELECT} JOIN wanted ON wanted.id = r.id WHERE true {_PAGE}""")  # noqa: S608 # constants of this file


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for: ``query`` is a number or seat as it is, or how a name or address
    begins. ``before`` is the last id that was seen.
    """

    query: str = ""
    status: ReservationStatus | None = None
    event_id: UUID | None = None
    organizer_id: UUID | None = None
    before: UUID | None = None


async def list_found(reader: Reader, wanted: Wanted, limit: int) -> list[tuple[UUID, str]]:
    """(id, the event's title), newest first."""
    values: dict[str, Any] = {
        "event_id": wanted.event_id,
        "organizer_id": wanted.organizer_id,
        "status": wanted.status,
        "before": wanted.before,
        "limit": limit,
    }
    statement = _ALL
    if wanted.query:
        name_prefix = _literal(wanted.query) + "%"
        values |= {
            "exact": wanted.query.upper(),
            "name_prefix": name_prefix,
            "email_prefix": name_prefix.casefold(),
        }
        statement = _IN_EVENT
    if wanted.query and wanted.event_id is None:
        del values["event_id"]
        values["accounts_max"] = ACCOUNTS_MAX
        statement = _ANYWHERE
    return [(row.id, row.title) for row in await reader.execute(statement, values)]


def _literal(query: str) -> str:
    """The text as LIKE takes it literally."""
    return query.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
