"""A service under load never holds more connections than its pools allow."""

import asyncio

import pytest
from sqlalchemy import text

from tests.support.client import open_client
from tests.support.readers import read
from tiketi.kernel.ids import new_id
from tiketi.services.registry import get_service

_OPEN = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name")


async def most_open(library, name, until) -> int:
    """The most connections of that name that were seen until the task ended."""
    most = 0
    while not until.done():
        async with library.database.latest() as reader:
            found = await reader.execute(_OPEN, {"name": name})
            most = max(most, found.scalar_one())
        await asyncio.sleep(0.01)
    return most


async def test_reading_what_nobody_knows_stays_within_the_pools(library, event, open_processes):
    service = get_service("event")
    (app,) = open_processes(1, service, database_timeout_seconds=30.0)
    # Each is another question to the database.
    load = asyncio.gather(
        *(read(app, f"/events/{new_id()}") for _ in range(300)),
        *(read(app, f"/events?q=word{turn}") for turn in range(300)),
        *(read(app, f"/events/{event.id}/availability") for _ in range(100)),
    )
    most = await most_open(library, "tiketi-event", load)
    assert {reply.status for reply in await load} == {200, 404}
    assert 1 < most <= service.pools.writer + service.pools.reader


@pytest.mark.parametrize("buyers", [150])
async def test_a_rush_of_buyers_stays_within_the_pools(library, event, open_processes, buyers):
    service = get_service("reservation")
    (app,) = open_processes(1, service, database_timeout_seconds=30.0)
    async with open_client(app.runtime, service) as client:

        async def buy(turn: int) -> int:
            body = {
                "event_id": str(event.id),
                "seat_ids": [f"S{turn % 4}-{turn // 4 % 10 + 1}-{turn % 50 + 1}"],
            }
            headers = {"Idempotency-Key": str(new_id())}
            token = client.token()
            answer = await client.post("/reservations", body, token=token, headers=headers)
            await client.get("/reservations", token=token)
            return answer.status_code

        load = asyncio.gather(*(buy(turn) for turn in range(buyers)))
        most = await most_open(library, "tiketi-reservation", load)
        statuses = await load
    assert set(statuses) <= {201, 409}
    assert statuses.count(201) > buyers // 3
    assert 1 < most <= service.pools.writer + service.pools.reader
