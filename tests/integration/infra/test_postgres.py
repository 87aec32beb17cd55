"""A restart of the server costs no request after it."""

import asyncio

from sqlalchemy import text

from tiketi.infra.embedded import EmbeddedPostgres, throwaway_directory
from tiketi.infra.postgres import Database


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
