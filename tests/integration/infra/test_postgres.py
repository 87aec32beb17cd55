"""A restart costs no request after it, and nothing slips out of a transaction."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from tiketi.infra.embedded import EmbeddedPostgres, throwaway_directory
from tiketi.infra.postgres import Database

ID = UUID(int=7)


async def test_dead_connections_in_the_pool_are_replaced_unnoticed(settings):
    directory = throwaway_directory("tiketi-restart-")
    with EmbeddedPostgres(directory / "postgres", fsync=False) as postgres:
        database = Database(settings.model_copy(update={"database_url": postgres.url()}))
        held = [database.latest() for _ in range(4)]
        for each in held:
            await (await each.__aenter__()).execute(text("SELECT 1"))
        for each in held:
            await each.__aexit__(None, None, None)
        await asyncio.to_thread(postgres.kill)
        await asyncio.to_thread(postgres.start)
        for _ in range(4):
            async with database.transaction() as tx:
                assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1
        await database.close()


class ChangedTheirMind(Exception):
    pass


async def write_and_leave(database, *, comes_first: bool) -> None:
    async with database.transaction() as tx:
        if not comes_first:
            await tx.execute(text("SELECT 1"))
        await tx.fetch("INSERT INTO infra.outbox (id, topic, payload) SELECT $1, 'x', '{}'", ID)
        raise ChangedTheirMind


@pytest.mark.parametrize("comes_first", [False, True])
async def test_what_the_driver_writes_is_undone_with_the_transaction(runtime, comes_first):
    with pytest.raises(ChangedTheirMind):
        await write_and_leave(runtime.database, comes_first=comes_first)
    async with runtime.database.latest() as reader:
        assert await reader.fetch("SELECT FROM infra.outbox WHERE id = $1", ID) == []
