"""The database away: reads go on and say so, buying is refused at once, all recovers by itself."""

import asyncio
import time

import psutil
import pytest

from tests.support.client import Client, open_client
from tests.support.readers import read
from tiketi.infra.embedded.process import processes_in
from tiketi.kernel.ids import new_id
from tiketi.services.registry import get_service

AT_ONCE_SECONDS = 0.5  # far below every timeout of the database
RECOVERY_SECONDS = 5.0
STALE_AFTER_SECONDS = 2.5
AWAY = [5.0, pytest.param(30.0, marks=pytest.mark.long)]


async def reserve(client: Client, event, seat_id="S0-1-1"):
    body = {"event_id": str(event.id), "seat_ids": [seat_id]}
    headers = {"Idempotency-Key": str(new_id())}
    return await client.post("/reservations", body, token=client.token(), headers=headers)


async def warm(app, paths) -> dict[str, bytes]:
    return {what: (await read(app, path)).body for what, path in paths.items()}


async def until_stale(app, path) -> dict[str, str]:
    """The headers of the first answer that says that it is stale."""
    async with asyncio.timeout(STALE_AFTER_SECONDS * 2):
        while True:
            reply = await read(app, path)
            assert reply.status == 200
            if "age" in reply.headers:
                return reply.headers
            await asyncio.sleep(0.05)


async def reads_go_on(app, paths, known, seconds) -> None:
    """For so long every read is answered as it was known, soon with its age."""
    deadline = time.monotonic() + seconds
    for what in ("list", "detail", "availability"):
        headers = await until_stale(app, paths[what])
        assert int(headers["age"]) >= 1
        assert headers["cache-status"].startswith("tiketi; hit; ttl=-")
        assert headers["warning"].startswith("110 ")
    while time.monotonic() < deadline:
        for what, path in paths.items():
            started = time.monotonic()
            reply = await read(app, path)
            assert (reply.status, reply.body) == (200, known[what])
            assert time.monotonic() - started < AT_ONCE_SECONDS
        await asyncio.sleep(0.05)


async def refused_at_once(client, event, calls=40) -> None:
    """So many buyers at once, one of whom may have gone to see whether the server is back."""
    started = time.monotonic()
    answers = await asyncio.gather(*(reserve(client, event) for _ in range(calls)))
    assert time.monotonic() - started < 2 * AT_ONCE_SECONDS
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1


async def recovers(app, client, event, paths) -> None:
    async with asyncio.timeout(RECOVERY_SECONDS):
        while (await reserve(client, event)).status_code == 503:  # noqa: ASYNC110 # polls
            await asyncio.sleep(0.05)
        for what in ("list", "detail", "availability"):
            while "age" in (await read(app, paths[what])).headers:  # noqa: ASYNC110 # polls
                await asyncio.sleep(0.05)
        while True:
            body = (await read(app, paths["availability"])).body
            if b'"S0":"h' in body:
                return
            await asyncio.sleep(0.05)


@pytest.fixture
async def reading(open_processes):
    """A process of the event service, and its client's way in."""
    return open_processes(1, get_service("event"))[0]


@pytest.fixture
async def buying(open_processes):
    """A process of the reservation service."""
    (app,) = open_processes(1, get_service("reservation"))
    async with open_client(app.runtime, get_service("reservation")) as client:
        yield client


@pytest.mark.parametrize("seconds", AWAY)
async def test_reads_outlive_a_killed_database_and_buying_waits_for_it(
    server, reading, buying, event, paths, *, seconds
):
    known = await warm(reading, paths)
    assert (await reserve(buying, event, "S3-10-50")).status_code == 201
    known = await warm_again(reading, paths, known)
    await asyncio.to_thread(server.postgres.kill)
    try:
        await refused_at_once(buying, event)
        await reads_go_on(reading, paths, known, seconds)
        await refused_at_once(buying, event)
    finally:
        await asyncio.to_thread(server.postgres.start)
    await recovers(reading, buying, event, paths)


async def warm_again(app, paths, before) -> dict[str, bytes]:
    """What is known once the sold seat shows."""
    async with asyncio.timeout(RECOVERY_SECONDS):
        shown = paths["availability"]
        while (await read(app, shown)).body == before["availability"]:  # noqa: ASYNC110 # polls
            await asyncio.sleep(0.05)
    return await warm(app, paths)


async def test_a_process_that_knows_nothing_reads_what_the_others_keep(
    server, reading, open_processes, paths
):
    known = await warm(reading, paths)
    (fresh,) = open_processes(1, get_service("event"))
    await asyncio.to_thread(server.postgres.kill)
    try:
        await asyncio.sleep(1.0)  # older than fresh, so that it has to try the database
        for what, path in paths.items():
            reply = await read(fresh, path)
            assert (reply.status, reply.body) == (200, known[what]), what
        unknown = await read(fresh, f"/events/{new_id()}")
        assert (unknown.status, unknown.headers["retry-after"]) != (200, None)
        assert unknown.status == 503
    finally:
        await asyncio.to_thread(server.postgres.start)


async def test_a_hanging_database_holds_nobody_up_for_long(server, reading, buying, event, paths):
    """Every process of the server is stopped: connections stay open and nothing answers."""
    known = await warm(reading, paths)
    assert (await reserve(buying, event, "S3-10-50")).status_code == 201
    known = await warm_again(reading, paths, known)
    stopped = processes_in(server.postgres.cluster)
    for process in stopped:
        process.suspend()
    try:
        first = asyncio.gather(*(reserve(buying, event) for _ in range(20)))
        await reads_go_on(reading, paths, known, 3.0)
        await refused_at_once(buying, event)
        assert {answer.status_code for answer in await first} == {503}
    finally:
        for process in stopped:
            try:
                process.resume()
            except psutil.NoSuchProcess:
                continue
    await recovers(reading, buying, event, paths)
