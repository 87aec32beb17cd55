"""Passes that nobody shows raise the rate, and never the capacity."""

import pytest

from tests.support.away import DeafStore
from tests.support.waiting_room import (
    admit,
    ask,
    change,
    end_the_grace,
    join,
    join_in_turn,
    lapse_pass,
    leave,
    lose_the_store,
    open_line,
    people,
    reset,
    show_pass,
    until,
)
from tiketi.queue import api as queue
from tiketi.queue.keys import room_keys


async def _settled(runtime, event_id):
    """How many passes were settled, and how many of them as no-shows; what was forgotten apart."""
    found = await runtime.redis.command("HMGET", room_keys(event_id)[0], "settled", "no_shows")
    return tuple(round(float(number or 0)) for number in found)


async def _come_and_go(runtime, event_id, *, shown, no_shows):
    """So many are admitted and show their pass, and so many let it lapse."""
    crowd = people(shown + no_shows)
    standings = await join_in_turn(runtime, event_id, crowd)
    for actor, standing in list(zip(crowd, standings, strict=True))[:shown]:
        await show_pass(runtime, event_id, actor, standing.pass_token)
    for actor in crowd:
        await lapse_pass(runtime, event_id, actor)
    await admit(runtime)


async def test_no_shows_raise_the_rate_and_never_the_capacity(runtime, runtimes):
    event_id = await open_line(runtime, capacity=75)
    await _come_and_go(runtime, event_id, shown=36, no_shows=24)
    board = await queue.read_latest_board(runtime, event_id)
    assert board.no_show_share == pytest.approx(0.4, abs=0.002)
    assert board.rate_times == pytest.approx(1 / 0.6, abs=0.01)

    await change(runtime, event_id, rate_per_minute=600)
    begun = (await queue.read_latest_board(runtime, event_id)).as_of
    await join_in_turn(runtime, event_id, people(120))
    samples = []

    async def is_full() -> bool:
        for other in runtimes:
            await admit(other)
        samples.append(await queue.read_latest_board(runtime, event_id))
        return samples[-1].admitted == 75

    await until(is_full)
    # 10 people a second as set, so 16.7 to have 10 inside; one second's worth at once.
    for board in samples:
        assert board.admitted <= 17 + (board.as_of - begun).total_seconds() * 17
    assert (samples[-1].as_of - begun).total_seconds() < 6.0
    for _ in range(5):
        await admit(runtime)
    assert (await queue.read_latest_board(runtime, event_id)).admitted == 75
    assert await queue.count_over_capacity(runtime) == 0


async def test_the_rate_is_at_most_doubled(runtime):
    event_id = await open_line(runtime)
    await _come_and_go(runtime, event_id, shown=1, no_shows=59)
    board = await queue.read_latest_board(runtime, event_id)
    assert board.no_show_share > 0.97
    assert board.rate_times == 2.0
    assert board.effective_rate_per_minute == 2 * board.rate_per_minute


async def test_a_few_passes_say_nothing(runtime):
    event_id = await open_line(runtime)
    await _come_and_go(runtime, event_id, shown=0, no_shows=49)
    board = await queue.read_latest_board(runtime, event_id)
    assert (board.no_show_share, board.rate_times) == (None, 1.0)


async def test_where_all_turn_up_the_rate_is_as_set(runtime):
    event_id = await open_line(runtime)
    await _come_and_go(runtime, event_id, shown=60, no_shows=0)
    board = await queue.read_latest_board(runtime, event_id)
    assert (board.no_show_share, board.rate_times) == (0.0, 1.0)


async def test_a_pass_is_settled_once_however_often_it_is_shown(runtime):
    event_id = await open_line(runtime)
    [actor] = people(1)
    token = (await join(runtime, event_id, actor)).pass_token
    for _ in range(3):
        await show_pass(runtime, event_id, actor, token)
    assert await _settled(runtime, event_id) == (1, 0)
    await lapse_pass(runtime, event_id, actor)
    await admit(runtime)
    await leave(runtime, event_id, actor)
    assert await _settled(runtime, event_id) == (1, 0)


async def test_a_pass_given_up_unshown_is_a_no_show_and_one_spent_is_not(runtime):
    event_id = await open_line(runtime)
    leaver, buyer, comes_again = line = people(3)
    await join_in_turn(runtime, event_id, line)
    await leave(runtime, event_id, leaver)
    assert await _settled(runtime, event_id) == (1, 1)
    await queue.spend_pass(runtime, event_id, buyer.user_id)
    assert await _settled(runtime, event_id) == (2, 1)
    await lapse_pass(runtime, event_id, comes_again)
    await join(runtime, event_id, comes_again)
    assert await _settled(runtime, event_id) == (3, 2)
    await admit(runtime)
    assert await _settled(runtime, event_id) == (3, 2)


async def test_a_pass_taken_in_again_after_a_loss_is_settled_neither_way(runtime):
    event_id = await open_line(runtime)
    [actor] = people(1)
    standing = await join(runtime, event_id, actor)
    await lose_the_store(runtime)
    await join(runtime, event_id, actor, standing.receipt)
    await end_the_grace(runtime, event_id)
    await show_pass(runtime, event_id, actor, standing.pass_token)
    await lapse_pass(runtime, event_id, actor)
    await admit(runtime)
    assert await _settled(runtime, event_id) == (0, 0)


async def test_a_reset_measures_anew(runtime):
    event_id = await open_line(runtime)
    await _come_and_go(runtime, event_id, shown=0, no_shows=60)
    await reset(runtime, event_id)
    assert (await queue.read_latest_board(runtime, event_id)).no_show_share is None


async def test_lost_replies_settle_nothing_twice(settings, runtime):
    await runtime.redis.close()
    runtime.redis = DeafStore(settings)
    event_id = await open_line(runtime)
    await _come_and_go(runtime, event_id, shown=3, no_shows=4)
    leaver, buyer = line = people(2)
    await join_in_turn(runtime, event_id, line)
    await leave(runtime, event_id, leaver)
    await queue.spend_pass(runtime, event_id, buyer.user_id)
    assert await _settled(runtime, event_id) == (9, 5)


async def test_a_clock_that_was_set_back_stops_nothing(runtime):
    """A fail-over to a store whose clock is an hour behind: what it reads lies in the future."""
    event_id = await open_line(runtime, rate_per_minute=60, capacity=100)
    line = people(3)
    await join_in_turn(runtime, event_id, line)
    room, hour_ms = room_keys(event_id)[0], 3_600_000
    for field in ("refilled_at_ms", "heated_at_ms"):
        await runtime.redis.command("HINCRBY", room, field, hour_ms)

    async def is_next_inside() -> bool:
        await admit(runtime)
        return (await ask(runtime, event_id, line[1])).place.state is queue.PlaceState.ADMITTED

    await until(is_next_inside)
    board = await queue.read_latest_board(runtime, event_id)
    assert 0 <= board.pace_per_minute <= 1_000
