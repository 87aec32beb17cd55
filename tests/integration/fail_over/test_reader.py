"""A reader that follows: what reads go to it, what it may be late with, and what it may not."""

import asyncio
import time

from tests.support.client import open_client
from tests.support.on_sale import open_sale
from tests.support.readers import paths_of, read
from tiketi.events.api import EventCache
from tiketi.kernel.ids import new_id
from tiketi.services.registry import get_service

RECOVERY_SECONDS = 5.0
_ASKED = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tiketi-event'"
_REPLAYED = "SELECT pg_last_wal_replay_lsn() >= '{}'"


async def replayed(pair):
    """The reader has all that the writer wrote until now."""
    written = pair.execute(pair.writer, "SELECT pg_current_wal_lsn()")
    async with asyncio.timeout(RECOVERY_SECONDS):
        while pair.execute(pair.reader, _REPLAYED.format(written)) != "t":  # noqa: ASYNC110 # polls
            await asyncio.sleep(0.05)


async def reserve(client, event, seat_id, token=None):
    body = {"event_id": str(event.id), "seat_ids": [seat_id]}
    headers = {"Idempotency-Key": str(new_id())}
    token = token or client.token()
    return await client.post("/reservations", body, token=token, headers=headers)


async def test_event_reads_go_to_the_reader_alone(pair, event, paths, open_process):
    await replayed(pair)
    app = open_process(get_service("event"))
    for path in paths.values():
        assert (await read(app, path)).status == 200
    assert int(pair.execute(pair.reader, _ASKED)) >= 1
    assert int(pair.execute(pair.writer, _ASKED)) == 0


async def test_a_process_that_knows_nothing_reads_on_without_the_writer(
    pair, event, paths, open_process
):
    await replayed(pair)
    app = open_process(get_service("event"))
    await asyncio.to_thread(pair.writer.kill)
    for what, path in paths.items():
        reply = await read(app, path)
        assert (reply.status, "age" in reply.headers) == (200, False), what


async def test_a_reader_that_lags_breaks_nothing_that_must_not_lag(
    pair, event, runtime, open_process
):
    await replayed(pair)
    pair.pause_replay()
    new = await open_sale(runtime)
    async with runtime.database.transaction() as tx:  # as whoever publishes does
        runtime.one(EventCache).forget_after(tx, new.id)
    reading, buying = open_process(get_service("event")), get_service("reservation")
    for what, path in paths_of(new).items():
        assert (await read(reading, path)).status == 200, what
    app = open_process(buying)
    async with open_client(app.runtime, buying) as client:
        token = client.token()
        made = await reserve(client, new, "A-1-1", token)
        assert made.status_code == 201, made.text
        place = f"/reservations/{made.json()['id']}"
        assert (await client.get(place, token=token)).json()["status"] == "pending"
        assert len((await client.get("/reservations", token=token)).json()["items"]) == 1
        assert (await reserve(client, new, "A-1-1")).status_code == 409
        assert (await client.post(f"{place}/cancel", token=token)).json()["status"] == "cancelled"


async def test_reads_fall_back_to_the_writer_while_the_reader_is_away(
    pair, event, paths, open_process
):
    await replayed(pair)
    service = get_service("event")
    warm = open_process(service)
    for path in paths.values():
        assert (await read(warm, path)).status == 200
    await asyncio.to_thread(pair.reader.kill)
    pair.execute(pair.writer, "ALTER SYSTEM RESET synchronous_standby_names")
    pair.execute(pair.writer, "SELECT pg_reload_conf()")
    cold = open_process(service, database_timeout_seconds=30.0)
    began = time.monotonic()
    for what, path in paths.items():
        assert (await read(cold, path)).status == 200, what
    assert time.monotonic() - began < 1.0
    # However many ask, the writer lends a process no more than its share.
    unknown = [read(cold, f"/events?q=word{turn}") for turn in range(60)]
    assert {reply.status for reply in await asyncio.gather(*unknown)} == {200}
    assert int(pair.execute(pair.writer, _ASKED)) <= 2 * service.pools.writer
    await asyncio.to_thread(pair.reader.start)
    async with asyncio.timeout(RECOVERY_SECONDS):
        while int(pair.execute(pair.reader, _ASKED)) == 0:
            assert (await read(cold, f"/events?q={new_id()}")).status == 200
            await asyncio.sleep(0.05)
