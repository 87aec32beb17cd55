"""Commands that travel together fail and succeed each for itself."""

import asyncio

import pytest
from redis.exceptions import ResponseError

from tests.support.away import redis_away
from tests.support.stores import ON_EACH_STORE
from tiketi.infra import redis_lane
from tiketi.infra.lua import LuaScript
from tiketi.infra.redis import RedisStore
from tiketi.kernel.errors import Unavailable

pytestmark = ON_EACH_STORE

# The lane's bounds are made small below, so that a handful of commands meets them.

ADD = LuaScript("test:add", "return redis.call('SADD', KEYS[1], ARGV[1])")
BREAK = LuaScript("test:break", "return redis.call('INCR', KEYS[1])")
# Some tens of milliseconds: time stands still in a script.
SLOW = LuaScript("test:slow", "for _ = 1, 5000000 do end return 'done'")
VERY_SLOW = LuaScript("test:very_slow", "for _ = 1, 100000000 do end return 'done'")


async def test_each_caller_has_the_reply_to_their_own_command(runtime):
    await runtime.redis.command("SADD", "set", "7")
    replies = await asyncio.gather(
        *(runtime.redis.run(ADD, ["set"], [number]) for number in range(1_000))
    )
    assert [number for number, reply in enumerate(replies) if reply == 0] == [7]
    assert await runtime.redis.command("SCARD", "set") == 1_000


async def test_who_sends_again_at_once_is_not_left_behind(runtime, monkeypatch):
    """As the last reply makes room, before anybody has heard of it."""
    monkeypatch.setattr(redis_lane, "FLIGHTS_MAX", 1)
    async with asyncio.timeout(10):
        for number in range(50):
            assert await runtime.redis.run(ADD, ["set"], [number]) == 1


async def test_one_command_that_fails_hurts_no_other(runtime):
    await runtime.redis.command("SET", "text", "no number")
    *added, broken = await asyncio.gather(
        *(runtime.redis.run(ADD, ["set"], [number]) for number in range(20)),
        runtime.redis.run(BREAK, ["text"], []),
        return_exceptions=True,
    )
    assert added == [1] * 20
    assert isinstance(broken, ResponseError)


async def test_who_goes_away_takes_nobody_s_reply_along(runtime):
    slow = asyncio.create_task(runtime.redis.run(SLOW, ["k"], []))
    await asyncio.sleep(0.01)
    tasks = [asyncio.create_task(runtime.redis.run(ADD, ["set"], [n])) for n in range(50)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    replies = await asyncio.gather(*tasks, return_exceptions=True)
    assert replies[1::2] == [1] * 25
    assert all(isinstance(reply, asyncio.CancelledError) for reply in replies[::2])
    assert await slow == b"done"


async def test_a_server_that_forgot_the_script_is_given_it_again(runtime):
    assert await runtime.redis.run(ADD, ["set"], [1]) == 1
    await runtime.redis.command("SCRIPT FLUSH")
    assert await runtime.redis.run(ADD, ["set"], [2]) == 1


async def test_cut_connections_cost_callers_no_more_than_a_moment(runtime):
    assert await runtime.redis.run(ADD, ["set"], [0]) == 1
    for _ in range(5):
        calls = [asyncio.create_task(runtime.redis.run(ADD, ["set"], [n])) for n in range(40)]
        await asyncio.sleep(0)
        await runtime.redis.client.client_kill_filter(_type="normal", skipme=True)
        assert set(await asyncio.gather(*calls)) <= {0, 1}
    assert await runtime.redis.command("SCARD", "set") == 40


def lanes() -> list[asyncio.Task[None]]:
    """The tasks that keep a connection."""
    return [task for task in asyncio.all_tasks() if task.get_name() == redis_lane.KEEPER]


async def test_a_connection_that_was_closed_while_idle_costs_nobody_a_command(runtime):
    for number in range(5):
        # No script: nothing would send it again. Its key says whose connections are closed next.
        await runtime.redis.command("SADD", "KILL", number)
        [lane] = lanes()
        await runtime.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
        await asyncio.wait_for(lane, 5)
    assert await runtime.redis.command("SCARD", "KILL") == 5


async def test_those_that_were_not_sent_when_the_connection_broke_go_on_the_next(
    runtime, monkeypatch
):
    monkeypatch.setattr(redis_lane, "FLIGHTS_MAX", 1)
    monkeypatch.setattr(redis_lane, "COMMANDS_A_FLIGHT_MAX", 1)
    await runtime.redis.command("DEL", "set")
    calls = [asyncio.create_task(runtime.redis.command("SADD", "set", n)) for n in range(9)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await runtime.redis.client.client_kill_filter(_type="normal", skipme=True)
    replies = await asyncio.gather(*calls, return_exceptions=True)
    lost = [reply for reply in replies if isinstance(reply, Unavailable)]
    assert len(lost) <= 1
    assert replies.count(1) >= 8


async def test_a_store_that_is_closed_leaves_no_connection_behind(runtime, settings):
    store = RedisStore(settings)
    await asyncio.gather(*(store.run(ADD, ["set"], [n]) for n in range(5)))
    assert lanes()
    await store.close()
    assert lanes() == []


async def test_a_store_that_is_away_is_said_to_every_caller(runtime):
    async with redis_away(runtime):
        replies = await asyncio.gather(
            *(runtime.redis.run(ADD, ["set"], [n]) for n in range(300)), return_exceptions=True
        )
    assert {type(reply) for reply in replies} == {Unavailable}


async def test_more_than_can_wait_are_refused_at_once(runtime, monkeypatch):
    monkeypatch.setattr(redis_lane, "WAITING_MAX", 5)
    slow = [asyncio.create_task(runtime.redis.run(SLOW, ["k"], [])) for _ in range(2)]
    await asyncio.sleep(0.01)
    replies = await asyncio.gather(
        *(runtime.redis.run(ADD, ["set"], [n]) for n in range(20)), return_exceptions=True
    )
    # Who was refused has asked again meanwhile, like after any fault.
    assert replies.count(1) >= 5
    assert all(reply in {0, 1} or isinstance(reply, Unavailable) for reply in replies)
    await asyncio.gather(*slow)


async def test_a_reply_that_takes_too_long_is_no_reply(runtime, settings):
    hasty = RedisStore(settings.model_copy(update={"redis_timeout_seconds": 0.3}))
    for _ in range(2):  # a connection for each flight, so that none has to be opened in haste
        await asyncio.gather(*(hasty.run(ADD, ["set"], [n]) for n in range(2)))
    with pytest.raises(Unavailable):
        await hasty.run(VERY_SLOW, ["k"], [])
    await hasty.close()
