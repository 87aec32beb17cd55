"""Each service's role may touch what its modules need, and nothing else."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tiketi.infra.postgres import Database
from tiketi.infra.roles import GRANTS

SCHEMAS = ("auth", "events", "queue", "seats", "reservations", "tickets", "payments", "sandbox")
INSUFFICIENT_PRIVILEGE = "42501"
TABLE_OF = {
    "auth": "auth.account",
    "events": "events.event",
    "queue": "queue.waiting_room",
    "seats": "seats.seat",
    "reservations": "reservations.reservation",
    "tickets": "tickets.ticket",
    "payments": "payments.payment",
    "sandbox": "sandbox.charge",
}


async def may(database: Database, statement: str) -> bool:
    try:
        async with database.transaction() as tx:
            await tx.execute(text(statement))
    except ProgrammingError as refused:
        if getattr(refused.orig, "sqlstate", None) == INSUFFICIENT_PRIVILEGE:
            return False
        raise
    return True


@pytest.mark.parametrize("role", sorted(GRANTS))
async def test_a_role_reaches_its_schemas_and_no_other(runtime, settings, role):
    grant = GRANTS[role]
    database = Database(settings.model_copy(update={"database_role": role}))
    for schema in SCHEMAS:
        table = TABLE_OF[schema]
        reads = await may(database, f"SELECT 1 FROM {table}")
        writes = await may(database, f"DELETE FROM {table}")
        assert reads == (schema in (*grant.writes, *grant.reads)), (schema, "read")
        assert writes == (schema in grant.writes), (schema, "write")
        assert not await may(database, f"DROP TABLE {table}")
    await database.close()
