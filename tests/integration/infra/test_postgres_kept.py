"""Short reads share connections that are kept at hand, and keep them from nobody."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tiketi.infra.pools import Pools
from tiketi.infra.postgres import Database

PLACES = 3
WAIT_SECONDS_MAX = 5
PID = "SELECT pg_backend_pid() AS pid"


@pytest.fixture
async def database(settings):
    database = Database(settings, application="kept", pools=Pools(PLACES, 1))
    yield database
    await database.close()


async def pid(database) -> int:
    async with database.latest() as reader:
        [row] = await reader.fetch(PID)
    return row["pid"]


async def take_all(database, kind) -> set[int]:
    """The connections of as many at once as there are places."""
    async with AsyncExitStack() as held:
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            takers = [await held.enter_async_context(kind()) for _ in range(PLACES)]
        rows = [(await each.execute(text(PID))).one() for each in takers]
    return {row.pid for row in rows}


async def test_one_after_the_other_reads_on_one_connection(database):
    assert len({await pid(database) for _ in range(5)}) == 1


@pytest.mark.parametrize("kind", ["transaction", "snapshot"])
async def test_every_place_has_its_connection_whatever_is_kept(database, kind):
    for _ in range(3):
        assert len(await take_all(database, database.latest)) == PLACES
        assert len(await take_all(database, getattr(database, kind))) == PLACES


async def test_reads_and_transactions_in_any_order_never_wait_for_what_is_kept(database):
    async def read(number: int) -> None:
        async with database.latest() as reader:
            statement = "SELECT pg_sleep($1)"
            await reader.fetch(statement, number % 3 / 1000)

    async def write(number: int) -> None:
        async with database.transaction() as tx:
            await tx.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": number % 4 / 1000})

    async with asyncio.timeout(4 * WAIT_SECONDS_MAX):
        await asyncio.gather(*((read, write)[number % 2](number) for number in range(200)))


async def test_one_that_the_server_closed_meanwhile_is_replaced_unnoticed(database, runtime):
    before = await take_all(database, database.latest)
    async with runtime.database.latest() as reader:
        await reader.fetch(
            "SELECT pg_terminate_backend(pid, 5000) FROM unnest($1::int[]) AS pid", before
        )
    assert not await take_all(database, database.latest) & before


async def test_one_whose_statement_failed_is_not_kept_in_the_state_it_was_left_in(database):
    with pytest.raises(DBAPIError):
        async with database.latest() as reader:
            await reader.execute(text("SELECT 1 / 0"))
    async with database.latest() as reader:
        assert (await reader.execute(text("SELECT 1"))).scalar_one() == 1


async def test_who_gives_a_read_up_leaves_nobody_their_rows(database):
    async def read_slowly() -> None:
        async with database.latest() as reader:
            await reader.fetch("SELECT pg_sleep(10), 'not yours'")

    for _ in range(2 * PLACES):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read_slowly(), 0.05)
        assert await pid(database)
    assert len(await take_all(database, database.transaction)) == PLACES


async def test_a_kept_connection_sees_what_others_commit(database, runtime):
    async def count() -> int:
        async with database.latest() as reader:
            found = await reader.execute(text("SELECT count(*) FROM infra.outbox"))
            return int(found.scalar_one())

    before = await count()
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text(
                "INSERT INTO infra.outbox (id, topic, payload) "
                "VALUES (gen_random_uuid(), 'x', '{}')"
            )
        )
    assert await count() == before + 1
