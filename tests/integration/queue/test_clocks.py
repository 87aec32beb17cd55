"""One process's wall clock is hours off: in the waiting room the store's clock decides."""

from datetime import timedelta

import pytest

from tests.support.clock import JumpingClock
from tests.support.waiting_room import (
    admit,
    ask,
    change,
    join,
    join_in_turn,
    lapse_pass,
    leave,
    lose_the_store,
    open_line,
    people,
    state_of,
    until,
)
from tiketi.events import api as events
from tiketi.infra.runtime import open_runtime
from tiketi.queue import api as queue

# The sale closes in two hours, so that a clock ahead is past its end and one behind before it.
CLOSES_IN = timedelta(hours=2)


@pytest.fixture(params=[6, -6], ids=["ahead", "behind"])
async def astray(request, settings, runtime):
    """A process beside ``runtime`` whose wall clock jumped by so many hours."""
    other = open_runtime(settings, service="test")
    other.clock = JumpingClock(hours=request.param)
    yield other
    await other.close()


async def event_of(runtime, event_id):
    async with runtime.database.latest() as reader:
        return await events.get_event(reader, event_id)


async def test_joining_asking_and_leaving_are_as_ever(runtime, astray):
    event_id = await open_line(runtime, closes_in=CLOSES_IN, capacity=1)
    line = people(4)
    for process, actor in zip((runtime, astray) * 2, line, strict=True):
        await join(process, event_id, actor)
    for process in (runtime, astray):
        places = [(await ask(process, event_id, actor)).place for actor in line]
        assert [place.position for place in places] == [None, 1, 2, 3]
        assert [place.number for place in places] == [1, 2, 3, 4]
    await leave(astray, event_id, line[1])
    assert (await ask(runtime, event_id, line[2])).place.position == 1


async def test_only_that_process_admits_and_it_does(runtime, astray):
    event_id = await open_line(runtime, closes_in=CLOSES_IN, capacity=0)
    line = people(3)
    await join_in_turn(runtime, event_id, line)
    await change(runtime, event_id, capacity=2)
    await admit(astray)
    states = [state_of(await ask(runtime, event_id, actor)) for actor in line]
    assert states == ["admitted", "admitted", "waiting"]


async def test_a_pass_that_lives_opens_the_sale_and_one_that_lapsed_does_not(runtime, astray):
    event_id = await open_line(runtime, closes_in=CLOSES_IN)
    event = await event_of(runtime, event_id)
    here, there = people(2)
    for process, actor in ((runtime, here), (astray, there)):
        token = (await join(process, event_id, actor)).pass_token
        for door in (runtime, astray):
            await queue.require_pass(door, actor, event, token)
        await lapse_pass(runtime, event_id, actor)
        for door in (runtime, astray):
            with pytest.raises(queue.QueuePassRequired):
                await queue.require_pass(door, actor, event, token)


async def test_a_receipt_restores_by_whichever_process(runtime, astray):
    event_id = await open_line(runtime, closes_in=CLOSES_IN, capacity=2)
    inside, waits = people(2), people(4)
    before = dict(
        zip(
            [*inside, *waits], await join_in_turn(runtime, event_id, [*inside, *waits]), strict=True
        )
    )
    await lose_the_store(runtime)
    for number, (actor, standing) in enumerate(before.items()):
        process = (astray, runtime)[number % 2]
        again = await join(process, event_id, actor, standing.receipt)
        assert again.place.number == standing.place.number
        assert again.place.state is standing.place.state
        assert again.place.expires_at == standing.place.expires_at


async def test_who_comes_after_the_end_is_refused_by_the_stores_clock(runtime, astray):
    event_id = await open_line(
        runtime, opens_in=timedelta(hours=-3), closes_in=timedelta(seconds=-1)
    )
    with pytest.raises(events.SaleNotOpen):
        await join(astray, event_id, people(1)[0])


async def test_a_draw_opens_when_it_is_time_and_not_before(runtime, astray):
    event_id = await open_line(
        runtime,
        opens_in=timedelta(seconds=1.5),
        closes_in=CLOSES_IN,
        mode=queue.Mode.DRAW,
        capacity=0,
    )
    line = people(6)
    for actor in line:
        await join(astray, event_id, actor)
    await admit(astray)
    assert (await queue.read_latest_board(astray, event_id)).draw.key is None

    async def is_open():
        await admit(astray)
        return (await queue.read_latest_board(astray, event_id)).draw.key is not None

    await until(is_open)
    board = await queue.read_latest_board(runtime, event_id)
    assert board.draw.entrants == 6
    assert board.as_of >= board.opens_at
    numbers = {
        (await ask(process, event_id, who)).place.number
        for process in (runtime, astray)
        for who in line
    }
    assert numbers == set(range(1, 7))


async def test_a_mode_set_before_the_opening_draws_those_who_joined(runtime, astray):
    event_id = await open_line(
        runtime, opens_in=timedelta(hours=1), closes_in=CLOSES_IN, capacity=0
    )
    await join_in_turn(runtime, event_id, people(3))
    await change(astray, event_id, mode=queue.Mode.DRAW)
    async with runtime.database.latest() as reader:
        assert (await queue.get_room(reader, event_id)).draw_entrants is None
    await change(astray, event_id, mode=queue.Mode.FIFO)


async def test_a_mode_set_after_the_opening_draws_nobody(runtime, astray):
    event_id = await open_line(runtime, closes_in=CLOSES_IN, capacity=0)
    await join_in_turn(runtime, event_id, people(3))
    await change(astray, event_id, mode=queue.Mode.DRAW)
    async with runtime.database.latest() as reader:
        assert (await queue.get_room(reader, event_id)).draw_entrants == 0
