"""Positions computed from one read of the line are those that the store itself computes."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.stores import ON_EACH_STORE_LONG
from tests.support.waiting_room import (
    admit,
    ask,
    change,
    join,
    leave,
    lose_the_store,
    open_line,
    open_now,
    people,
    reset,
    stretch_the_grace,
)
from tiketi.queue import api as queue
from tiketi.queue.domain import PlaceState
from tiketi.queue.line import read_line

pytestmark = ON_EACH_STORE_LONG


async def places_of(runtime, event_id, actors):
    reply = await queue.read_places(runtime, event_id, [actor.user_id for actor in actors])
    assert reply is not None
    return dict(zip(actors, reply[1], strict=True))


@pytest.mark.parametrize("seed", range(6))
async def test_arithmetic_agrees_with_the_store(runtime, seed):
    chance = random.Random(seed)
    event_id = await open_line(runtime, rate_per_minute=0, capacity=10_000)
    line, actors, known = None, people(40), {}
    for _ in range(60):
        actor = chance.choice(actors)
        turn = chance.random()
        if turn < 0.55:
            await join(runtime, event_id, actor)
        elif turn < 0.85:
            await leave(runtime, event_id, actor)
        else:
            # A minute's rate refills a second's worth: a few people, whoever is in front.
            await change(runtime, event_id, rate_per_minute=chance.choice([60, 240]))
            await admit(runtime)
            await change(runtime, event_id, rate_per_minute=0)
        line = await read_line(runtime, event_id, line)
        truth = await places_of(runtime, event_id, actors)
        for who, place in known.items():
            if place.state is PlaceState.WAITING and line.still_waits(place.number):
                assert line.move(place) == truth[who]
            elif place.state is PlaceState.WAITING:
                # Only where the arithmetic says nothing may the store say something else.
                assert truth[who] != place
        for place in truth.values():
            if place.state is PlaceState.WAITING and line.still_waits(place.number):
                assert line.move(replace(place, gone=0)) == place
        known = truth


async def test_a_restored_place_keeps_its_position(runtime):
    event_id = await open_line(runtime, rate_per_minute=0, capacity=10_000)
    crowd = people(30)
    for actor in crowd:
        await join(runtime, event_id, actor)
    for actor in crowd[:20:2]:
        await leave(runtime, event_id, actor)
    receipts = {actor: (await ask(runtime, event_id, actor)).receipt for actor in crowd[20:]}
    before = await places_of(runtime, event_id, crowd[20:])
    await lose_the_store(runtime)
    await read_line(runtime, event_id)
    await stretch_the_grace(runtime, event_id)
    for actor, receipt in receipts.items():
        await join(runtime, event_id, actor, receipt)
    line = await read_line(runtime, event_id)
    after = await places_of(runtime, event_id, crowd[20:])
    for actor, place in after.items():
        assert place.position == before[actor].position
        assert line.move(place) == place


async def test_another_life_s_numbers_are_never_taken_for_this_one_s(runtime):
    event_id = await open_line(runtime, rate_per_minute=0)
    crowd = people(4)
    for actor in crowd:
        await join(runtime, event_id, actor)
    await leave(runtime, event_id, crowd[1])
    line = await read_line(runtime, event_id)
    assert list(line.left) == [2]
    assert list((await read_line(runtime, event_id, line)).left) == [2]
    await reset(runtime, event_id)
    for actor in crowd:
        await join(runtime, event_id, actor)
    await leave(runtime, event_id, crowd[2])
    assert list((await read_line(runtime, event_id, line)).left) == [3]


async def test_a_lost_room_is_brought_back_by_whoever_follows_it(runtime):
    event_id = await open_line(runtime)
    await lose_the_store(runtime)
    _board, places = await queue.read_places(runtime, event_id, [people(1)[0].user_id])
    assert places[0].state is queue.PlaceState.ABSENT
    line = await read_line(runtime, event_id)
    assert line.board.waiting == 0


@pytest.mark.parametrize("seed", range(4))
async def test_arithmetic_agrees_with_the_store_across_a_draw(runtime, seed):
    chance = random.Random(seed)
    event_id = await open_line(
        runtime,
        opens_in=timedelta(hours=1),
        mode=queue.Mode.DRAW,
        rate_per_minute=0,
        capacity=10_000,
    )
    early, late = people(30), people(10)
    for actor in early:
        await join(runtime, event_id, actor)
    for actor in chance.sample(early, 8):
        await leave(runtime, event_id, actor)
    awaiting = await read_line(runtime, event_id)
    before = await places_of(runtime, event_id, early)
    for place in before.values():
        if place.state is PlaceState.WAITING:
            assert place.position is None
            assert awaiting.move(place) == place
    await open_now(runtime, event_id)
    line = await read_line(runtime, event_id, awaiting)
    assert line.board.is_drawn
    for _ in range(30):
        actor = chance.choice([*early, *late])
        turn = chance.random()
        if turn < 0.4:
            await join(runtime, event_id, actor)
        elif turn < 0.7:
            await leave(runtime, event_id, actor)
        else:
            await change(runtime, event_id, rate_per_minute=240)
            await admit(runtime)
            await change(runtime, event_id, rate_per_minute=0)
        line = await read_line(runtime, event_id, line)
        truth = await places_of(runtime, event_id, [*early, *late])
        for place in truth.values():
            if place.state is PlaceState.WAITING:
                assert line.still_waits(place.number)
                assert line.move(place) == place
                moved = line.move(replace(place, gone=0)).position
                assert moved is not None
                assert moved >= place.position
