"""A writer that was demoted answers, and takes no writes: its connections are not used again."""

import asyncio
import time

import pytest
from sqlalchemy import text

from tiketi.infra.postgres import Database
from tiketi.kernel.errors import Unavailable

RECOVERY_SECONDS = 3.0
AT_ONCE_SECONDS = 0.05
_WRITE = "CREATE TABLE IF NOT EXISTS public.made_by_nobody ()"


@pytest.fixture
async def database(settings):
    made = Database(settings)
    yield made
    await made.close()


async def write(database, *, by_driver=False):
    async with database.transaction() as tx:
        if by_driver:
            await tx.fetch(_WRITE)
        else:
            await tx.execute(text(_WRITE))


async def fill_pool(database):
    """As many connections as there may be, all of them idle."""
    held = [database.latest() for _ in range(8)]
    for each in held:
        await (await each.__aenter__()).execute(text("SELECT 1"))
    for each in held:
        await each.__aexit__(None, None, None)


@pytest.mark.parametrize("by_driver", [False, True])
async def test_connections_to_a_demoted_writer_are_replaced(pair, database, *, by_driver):
    # The name still leads to the server that has become a reader.
    pair.to_writer.point_at(pair.reader.url())
    await fill_pool(database)
    with pytest.raises(Unavailable):
        await write(database, by_driver=by_driver)
    pair.to_writer.point_at(pair.writer.url())
    began = time.monotonic()
    async with asyncio.timeout(RECOVERY_SECONDS):
        while True:
            try:
                await write(database, by_driver=by_driver)
            except Unavailable:
                await asyncio.sleep(0.05)
            else:
                break
    assert time.monotonic() - began < RECOVERY_SECONDS
    # None of the pool is left over: all of them at once.
    await asyncio.gather(*(write(database, by_driver=by_driver) for _ in range(16)))


async def test_nobody_is_let_through_to_a_writer_that_takes_no_writes(pair, database):
    pair.to_writer.point_at(pair.reader.url())
    with pytest.raises(Unavailable):
        await write(database)
    # From then on its own task asks; a caller is refused before a connection is taken.
    for _ in range(20):
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await write(database)
        assert time.monotonic() - began < AT_ONCE_SECONDS
        await asyncio.sleep(0.05)
    assert database._to_writer.is_away
