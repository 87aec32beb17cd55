"""A store that is away refuses what needs it, at once and typed, and nothing else."""

import asyncio

import pytest

from tests.support.away import database_away, redis_away
from tests.support.on_sale import open_sale
from tiketi.kernel.ids import new_id


@pytest.fixture
async def event(runtime):
    return await open_sale(runtime)


@pytest.fixture
def order(client, event):
    async def send(seat, token=None):
        body = {"event_id": str(event.id), "seat_ids": [seat]}
        headers = {"Idempotency-Key": str(new_id())}
        return await client.post(
            "/reservations", body, token=token or client.token(), headers=headers
        )

    return send


async def test_without_redis_postgresql_sells(client, order):
    async with redis_away(client.runtime):
        assert (await order("A-1-1")).status_code == 201
        assert (await order("A-1-1")).status_code == 409


async def test_redis_lost_between_lock_and_hold_costs_no_sale(client, event, order):
    token = client.token()
    body = {"event_id": str(event.id), "seat_ids": ["A-1-1"]}
    assert (await client.post("/reservations/locks", body, token=token)).status_code == 201
    async with redis_away(client.runtime):
        assert (await order("A-1-1", token)).status_code == 201


async def test_without_the_database_it_is_503_with_retry_after_until_it_is_back(client, order):
    assert (await order("A-1-1")).status_code == 201
    async with database_away(client.runtime):
        refused = await asyncio.wait_for(order("A-1-2"), 5)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert int(refused.headers["retry-after"]) >= 1
    assert (await order("A-1-2")).status_code == 201
