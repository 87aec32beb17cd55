"""What an operator sets, and how it reaches the line."""

import asyncio

import pytest

from tests.support.stores import ON_EACH_STORE_LONG
from tests.support.waiting_room import (
    admit,
    ask,
    change,
    join,
    join_in_turn,
    leave,
    open_line,
    people,
    state_of,
    until,
)
from tiketi.kernel.errors import NotFound
from tiketi.kernel.ids import new_id
from tiketi.queue import api as queue
from tiketi.queue import repository
from tiketi.queue.keys import room_keys
from tiketi.queue.syncing import apply_room

pytestmark = ON_EACH_STORE_LONG


async def test_paused_admits_nobody_until_it_goes_on(runtime):
    event_id = await open_line(runtime, paused=True)
    [actor] = people(1)
    assert state_of(await join(runtime, event_id, actor)) == "waiting"
    await admit(runtime)
    assert (await ask(runtime, event_id, actor)).estimate is None
    assert (await queue.read_latest_board(runtime, event_id)).state == "paused"
    await change(runtime, event_id, paused=False)
    await admit(runtime)
    assert state_of(await ask(runtime, event_id, actor)) == "admitted"


@pytest.mark.parametrize("nothing", ["capacity", "rate_per_minute"])
async def test_zero_admits_nobody(runtime, nothing):
    event_id = await open_line(runtime, **{nothing: 0})
    [actor] = people(1)
    await join(runtime, event_id, actor)
    await admit(runtime)
    assert state_of(await ask(runtime, event_id, actor)) == "waiting"


async def test_capacity_lowered_below_those_inside_admits_nobody(runtime):
    event_id = await open_line(runtime, capacity=10)
    line = people(20)
    await join_in_turn(runtime, event_id, line)
    await change(runtime, event_id, capacity=5)
    for actor in line[:5]:
        await leave(runtime, event_id, actor)
    await admit(runtime)
    board = await queue.read_latest_board(runtime, event_id)
    assert (board.admitted, board.waiting, board.capacity) == (5, 10, 5)
    # Those inside came under the larger capacity: that is no violation.
    assert await queue.count_over_capacity(runtime) == 0
    await leave(runtime, event_id, line[5])
    await admit(runtime)
    assert state_of(await ask(runtime, event_id, line[10])) == "admitted"
    assert state_of(await ask(runtime, event_id, line[11])) == "waiting"


async def test_a_pass_beyond_the_capacity_is_counted_as_a_violation(runtime):
    event_id = await open_line(runtime, capacity=1)
    await join_in_turn(runtime, event_id, people(2))
    far = 2**42
    await runtime.redis.command("ZADD", room_keys(event_id)[2], far, "a", far, "b")
    assert await queue.count_over_capacity(runtime) == 2


async def test_lowering_the_capacity_twice_remembers_the_largest(runtime):
    event_id = await open_line(runtime, capacity=10)
    await join_in_turn(runtime, event_id, people(10))
    await change(runtime, event_id, capacity=8)
    await change(runtime, event_id, capacity=4)
    assert await queue.count_over_capacity(runtime) == 0


async def test_the_rate_is_kept_by_the_store_s_clock(runtime, runtimes):
    """600 a minute and a second's worth at once, whatever the number of admitters."""
    event_id = await open_line(runtime, rate_per_minute=600)
    await join_in_turn(runtime, event_id, people(100))
    samples = []

    async def is_enough() -> bool:
        await asyncio.gather(*(admit(other) for other in runtimes))
        samples.append(await queue.read_latest_board(runtime, event_id))
        return samples[-1].admitted >= 40

    await until(is_enough)
    begun_ms = int(await runtime.redis.command("HGET", room_keys(event_id)[0], "begun_at_ms"))
    for board in samples:
        passed_seconds = board.as_of.timestamp() - begun_ms / 1000
        assert board.admitted <= 10 + passed_seconds * 10
    assert board.pace_per_minute > 0


async def test_a_slow_rate_loses_no_fraction(runtime):
    """90 a minute: one and a half a second, polled far more often than that."""
    event_id = await open_line(runtime, rate_per_minute=90)
    await join_in_turn(runtime, event_id, people(10))
    begun_ms = int(await runtime.redis.command("HGET", room_keys(event_id)[0], "begun_at_ms"))

    async def is_enough() -> bool:
        await admit(runtime)
        return (await queue.read_latest_board(runtime, event_id)).admitted >= 4

    await until(is_enough)
    board = await queue.read_latest_board(runtime, event_id)
    # The first at once, with half a person left; whole people only would take three seconds.
    assert 2.5 / 1.5 - 0.01 <= board.as_of.timestamp() - begun_ms / 1000 < 2.9


async def test_raising_the_rate_grants_nothing_for_the_past(runtime):
    event_id = await open_line(runtime, rate_per_minute=0)
    await join_in_turn(runtime, event_id, people(50))
    await change(runtime, event_id, rate_per_minute=60)
    await admit(runtime)
    assert (await queue.read_latest_board(runtime, event_id)).admitted <= 1


async def test_settings_that_the_store_missed_reach_it_by_the_admitter(runtime):
    event_id = await open_line(runtime, capacity=0)
    admitter = queue.Admitter(runtime)
    [actor] = people(1)
    await join(runtime, event_id, actor)
    await admitter.run_round()
    async with runtime.database.transaction() as tx:
        room = await queue.get_room(tx, event_id)
        settings = queue.WaitingRoomSettings(enabled=True, capacity=1, rate_per_minute=60)
        await repository.update_room(tx, event_id, settings, runtime.clock.now(), entrants=None)
    started = runtime.clock.monotonic()

    async def is_applied() -> bool:
        await admitter.run_round()
        return state_of(await ask(runtime, event_id, actor)) == "admitted"

    await until(is_applied)
    assert runtime.clock.monotonic() - started < 2.0
    # The older settings, from a process that lags, do not come back.
    await apply_room(runtime, room)
    assert (await queue.read_latest_board(runtime, event_id)).capacity == 1


async def test_the_admitter_finds_a_lost_room_again(runtime):
    event_id = await open_line(runtime)
    admitter = queue.Admitter(runtime)
    await admitter.run_round()
    await runtime.redis.command("FLUSHALL")

    async def is_back() -> bool:
        await admitter.run_round()
        return bool(await runtime.redis.command("EXISTS", room_keys(event_id)[0]))

    await until(is_back)


async def test_the_keys_do_not_outlive_the_sale_for_long(runtime):
    event_id = await open_line(runtime, capacity=1)
    await join_in_turn(runtime, event_id, people(3))
    await admit(runtime)
    for key in room_keys(event_id)[:3]:
        remaining_ms = await runtime.redis.command("PTTL", key)
        assert 0 < remaining_ms <= 2 * 86_400_000


async def test_the_board_says_what_is_set(runtime):
    event_id = await open_line(runtime, capacity=2, rate_per_minute=600_000)
    await join_in_turn(runtime, event_id, people(5))
    board = await queue.read_board(runtime, event_id)
    assert (board.serving, board.admitted, board.waiting) == (2, 2, 3)
    assert (board.epoch, board.capacity, board.rate_per_minute) == (1, 2, 600_000)
    assert board.state == "open"


async def test_unknown_rooms_are_not_found(runtime):
    now = runtime.clock.now()
    async with runtime.database.transaction() as tx:
        with pytest.raises(NotFound):
            await queue.configure(tx, runtime, new_id(), {"capacity": 1}, now=now)
        with pytest.raises(NotFound):
            await queue.reset_room(tx, runtime, new_id(), now=now)
        with pytest.raises(NotFound):
            await queue.set_notice(tx, new_id(), "text", now=now)


async def test_configuring_answers_all_of_the_settings(runtime):
    event_id = await open_line(runtime)
    async with runtime.database.transaction() as tx:
        await queue.set_notice(tx, event_id, "잠시만요", now=runtime.clock.now())
        changes = {"enabled": False, "mode": queue.Mode.DRAW, "pass_ttl_seconds": 60}
        await queue.configure(tx, runtime, event_id, changes, now=runtime.clock.now())
    async with runtime.database.latest() as reader:
        room = await queue.get_room(reader, event_id)
    assert room.notice == "잠시만요"
    assert room.settings == queue.WaitingRoomSettings(
        enabled=False,
        capacity=1_000,
        rate_per_minute=1_000_000,
        pass_ttl_seconds=60,
        mode=queue.Mode.DRAW,
    )
