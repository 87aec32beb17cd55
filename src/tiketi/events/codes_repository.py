"""Access codes in PostgreSQL."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from tiketi.events.codes import AccessCode, CodeFor, NewCode
from tiketi.infra.postgres import Reader, Tx
from tiketi.kernel.ids import new_id

_LIST = text("""
    SELECT id, code, digest, opens, subject_id, uses_max, uses FROM events.access_code
    WHERE event_id = :event_id ORDER BY id""")
_COUNT = text("SELECT count(*) FROM events.access_code WHERE event_id = :event_id")
_INSERT = text("""
    INSERT INTO events.access_code (id, event_id, opens, subject_id, code, digest, uses_max)
    SELECT c.id, :event_id, c.opens, c.subject_id, c.code, c.digest, c.uses_max
    FROM unnest(CAST(:ids AS uuid[]), CAST(:opens AS text[]), CAST(:subject_ids AS uuid[]),
        CAST(:codes AS text[]), CAST(:digests AS bytea[]), CAST(:uses_max AS int[]))
        AS c (id, opens, subject_id, code, digest, uses_max)
    ON CONFLICT (event_id, digest, opens, subject_id)
    DO UPDATE SET code = excluded.code, uses_max = excluded.uses_max""")
_DELETE = text("""
    DELETE FROM events.access_code
    WHERE event_id = :event_id AND opens = :opens AND digest <> ALL(CAST(:but AS bytea[]))
        AND (CAST(:subject_id AS uuid) IS NULL OR subject_id = :subject_id)""")
_SET_PRESALE = text("UPDATE events.event SET presale_opens_at = :opens_at WHERE id = :event_id")
# Locked in sorted order before they are written, as everywhere.
_COUNT_USES = text("""
    WITH wanted AS (
        SELECT k.id, w.uses FROM events.access_code AS k
        JOIN unnest(CAST(:ids AS uuid[]), CAST(:uses AS int[])) AS w (id, uses) USING (id)
        ORDER BY k.id FOR UPDATE OF k)
    UPDATE events.access_code AS k SET uses = greatest(k.uses + wanted.uses, 0) FROM wanted
    WHERE k.id = wanted.id
        AND (wanted.uses < 0 OR k.uses_max IS NULL OR k.uses + wanted.uses <= k.uses_max)""")


async def list_codes(reader: Reader, event_id: UUID) -> list[AccessCode]:
    rows = await reader.execute(_LIST, {"event_id": event_id})
    return [
        AccessCode(
            id=row.id,
            code=row.code,
            digest=bytes(row.digest),
            opens=CodeFor(row.opens),
            subject_id=row.subject_id,
            uses_max=row.uses_max,
            uses=row.uses,
        )
        for row in rows
    ]


async def count_codes(reader: Reader, event_id: UUID) -> int:
    count: int = (await reader.execute(_COUNT, {"event_id": event_id})).scalar_one()
    return count


async def insert_codes(
    tx: Tx, event_id: UUID, codes: Sequence[NewCode], digests: Sequence[bytes]
) -> None:
    """One that is there already takes the new limit and keeps its count."""
    await tx.execute(
        _INSERT,
        {
            "event_id": event_id,
            "ids": [new_id() for _ in codes],
            "opens": [each.opens.value for each in codes],
            "subject_ids": [each.subject_id for each in codes],
            "codes": [each.code for each in codes],
            "digests": list(digests),
            "uses_max": [each.uses_max for each in codes],
        },
    )


async def delete_codes(
    tx: Tx, event_id: UUID, opens: CodeFor, subject_id: UUID | None, *, but: Sequence[bytes] = ()
) -> None:
    await tx.execute(
        _DELETE,
        {
            "event_id": event_id,
            "opens": opens.value,
            "subject_id": subject_id,
            "but": list(but),
        },
    )


async def set_presale_opens(tx: Tx, event_id: UUID, opens_at: datetime | None) -> None:
    await tx.execute(_SET_PRESALE, {"event_id": event_id, "opens_at": opens_at})


async def count_uses(tx: Tx, code_ids: Sequence[UUID], *, change: int) -> int:
    """Count each of the codes, ``change`` 1, or uncount it, -1, as often as it is named.

    How many codes were counted: one whose limit is met is not, one that is gone neither.
    """
    times = Counter(code_ids)
    result = await tx.execute(
        _COUNT_USES,
        {"ids": list(times), "uses": [change * times[code_id] for code_id in times]},
    )
    return result.rowcount
