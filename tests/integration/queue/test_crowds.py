"""Everybody at once, over four processes."""

import asyncio
import random
from itertools import cycle

from tests.support.crowd import alongside
from tests.support.stores import ON_EACH_STORE_LONG
from tests.support.waiting_room import admit, ask, join, leave, open_line, people, state_of, until
from tiketi.queue import api as queue

pytestmark = ON_EACH_STORE_LONG


AT_ONCE_MAX = 256


async def _all(calls):
    """The results of the calls, in their order, at most so many of them under way."""
    gate = asyncio.Semaphore(AT_ONCE_MAX)

    async def one(call):
        async with gate:
            return await call

    return await asyncio.gather(*(one(call) for call in calls))


async def _watch(runtime, event_id, boards):
    while True:
        boards.append(await queue.read_latest_board(runtime, event_id))
        await asyncio.sleep(0)


async def test_capacity_1000_with_3000_simultaneous_joins_is_never_exceeded(runtime, runtimes):
    event_id = await open_line(runtime, capacity=1_000)
    boards, crowd = [], people(3_000)
    async with alongside(_watch(runtime, event_id, boards), *map(_rounds, runtimes)):
        standings = await _all(
            join(other, event_id, actor)
            for other, actor in zip(cycle(runtimes), crowd, strict=False)
        )
    boards.append(await queue.read_latest_board(runtime, event_id))
    assert len(boards) > 20
    assert max(board.admitted for board in boards) == 1_000
    assert boards[-1].waiting == 2_000
    assert await queue.count_over_capacity(runtime) == 0
    assert len({standing.place.number for standing in standings}) == 3_000


async def test_while_people_come_and_go_the_capacity_holds(runtime, runtimes):
    event_id = await open_line(runtime, capacity=50)
    boards, rng = [], random.Random(1)

    async def visit(other, actor):
        await join(other, event_id, actor)

        async def is_inside() -> bool:
            return state_of(await ask(other, event_id, actor)) == "admitted"

        await until(is_inside)
        if rng.random() < 0.5:
            await queue.spend_pass(other, event_id, actor.user_id)
        else:
            await leave(other, event_id, actor)

    crowd = people(600)
    async with alongside(_watch(runtime, event_id, boards), *map(_rounds, runtimes)):
        await _all(visit(other, who) for other, who in zip(cycle(runtimes), crowd, strict=False))
    assert max(board.admitted for board in boards) == 50
    assert (boards[-1].serving, await queue.count_over_capacity(runtime)) == (600, 0)


async def test_5000_joins_give_5000_places_and_nobody_moves_back(runtime, runtimes):
    event_id = await open_line(runtime, capacity=1_000_000, rate_per_minute=0)
    crowd = people(5_000)
    standings = await _all(
        join(other, event_id, actor) for other, actor in zip(cycle(runtimes), crowd, strict=False)
    )
    assert sorted(s.place.number for s in standings) == list(range(1, 5_001))
    assert sorted(s.place.position for s in standings) == list(range(1, 5_001))
    before = {actor: standing.place for actor, standing in zip(crowd, standings, strict=True)}

    leavers = set(random.Random(2).sample(crowd, 500))
    await _all(leave(runtime, event_id, actor) for actor in leavers)
    staying = [actor for actor in crowd if actor not in leavers]
    after = await _all(ask(runtime, event_id, actor) for actor in staying)
    assert sorted(standing.place.position for standing in after) == list(range(1, 4_501))
    for actor, standing in zip(staying, after, strict=True):
        assert standing.place.number == before[actor].number
        assert standing.place.position <= before[actor].position


async def test_one_person_joining_everywhere_at_once_has_one_place(runtime, runtimes):
    event_id = await open_line(runtime, capacity=0)
    [actor] = people(1)
    standings = await _all(join(other, event_id, actor) for other in runtimes * 25)
    assert {standing.place.number for standing in standings} == {1}
    assert (await queue.read_latest_board(runtime, event_id)).waiting == 1


async def _rounds(runtime):
    while True:
        await admit(runtime)
