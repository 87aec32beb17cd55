"""What those who follow an event live are told when the queue's shard changes its master."""

import asyncio

import pytest

from tests.support.cluster import mend
from tests.support.live import follow
from tests.support.waiting_room import change, join, join_in_turn, open_line, people
from tiketi.queue.keys import room_keys

QUEUE_SHARD = 1


@pytest.fixture
def store_kind():
    return "cluster"


@pytest.fixture
def fragile(cluster):
    yield cluster
    mend(cluster)


async def _set_serving(runtime, event_id, serving):
    await runtime.redis.command("HSET", room_keys(event_id)[0], "serving", serving)


async def test_nobodys_position_grows_live_when_the_store_goes_back(runtime, serve):
    service = await serve()
    event_id = await open_line(runtime, rate_per_minute=0)
    follower_of, other, joins_late = people(3)
    await join_in_turn(runtime, event_id, people(10))
    await join(runtime, event_id, other)
    await join(runtime, event_id, follower_of)
    await _set_serving(runtime, event_id, 6)
    receipt = (await join(runtime, event_id, follower_of)).receipt
    async with follow(service, event_id, receipt=receipt) as before:
        assert (await before.next("queue.position"))["position"] == 6
        await _set_serving(runtime, event_id, 2)
        async with follow(service, event_id, receipt=receipt) as after:
            assert (await after.next("queue.position"))["position"] == 6
            await join(runtime, event_id, joins_late)
            for follower in (before, after):
                # Sent again within 5 s, whatever changed.
                assert (await follower.next("queue.position"))["position"] == 6


@pytest.mark.long
async def test_a_socket_outlives_the_master_and_hears_of_its_turn(fragile, runtime, serve):
    service = await serve()
    event_id = await open_line(runtime, rate_per_minute=0)
    ahead, actor = people(2)
    await join(runtime, event_id, ahead)
    receipt = (await join(runtime, event_id, actor)).receipt
    async with follow(service, event_id, receipt=receipt) as follower:
        assert (await follower.next("queue.position"))["position"] == 2
        await asyncio.to_thread(fragile.master_of(QUEUE_SHARD).kill)
        await change(runtime, event_id, rate_per_minute=100_000)
        admitted = await follower.next("queue.admitted", seconds_max=30)
        assert admitted["pass"]
    told = [m["position"] for m in follower.messages if m["type"] == "queue.position"]
    assert told == sorted(told, reverse=True)
