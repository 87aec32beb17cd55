"""The draw: who comes before the opening is put in an order that nobody chose and all can check."""

import asyncio
import random
from datetime import timedelta

import pytest

from tests.support.stores import ON_EACH_STORE_LONG
from tests.support.waiting_room import (
    admit,
    ask,
    change,
    end_the_grace,
    join,
    join_in_turn,
    leave,
    lose_the_store,
    open_line,
    open_now,
    people,
    reset,
    state_of,
)
from tiketi.queue import api as queue
from tiketi.queue.keys import room_keys

pytestmark = ON_EACH_STORE_LONG


HOUR = timedelta(hours=1)


async def _await_draw(runtime, **settings):
    return await open_line(runtime, opens_in=HOUR, mode=queue.Mode.DRAW, **settings)


async def _drawn(runtime, event_id):
    """The place that the published key draws for a number."""
    draw = (await queue.read_latest_board(runtime, event_id)).draw
    assert queue.commitment_of(draw.key) == draw.commitment
    return lambda number: queue.draw_place(draw.key, draw.entrants, number)


async def _ask_all(runtimes, event_id, actors):
    places = []
    for i in range(0, len(actors), 100):
        asked = (ask(runtimes[j % 4], event_id, a) for j, a in enumerate(actors[i : i + 100]))
        places += [standing.place for standing in await asyncio.gather(*asked)]
    return places


async def test_while_it_is_awaited_there_are_numbers_and_no_positions(runtime):
    event_id = await _await_draw(runtime)
    standings = await join_in_turn(runtime, event_id, people(3))
    assert [standing.place.number for standing in standings] == [1, 2, 3]
    assert {standing.place.position for standing in standings} == {None}
    assert {standing.estimate for standing in standings} == {None}
    draw = (await queue.read_latest_board(runtime, event_id)).draw
    assert (draw.key, draw.entrants) == (None, 3)
    await open_now(runtime, event_id)
    opened = (await queue.read_latest_board(runtime, event_id)).draw
    assert opened.commitment == draw.commitment == queue.commitment_of(opened.key)
    assert opened.entrants == 3


async def test_the_store_does_not_know_the_key_before_the_opening(runtime):
    event_id = await _await_draw(runtime)
    await join_in_turn(runtime, event_id, people(2))
    await admit(runtime)
    held = await runtime.redis.client.hgetall(room_keys(event_id)[0])
    await open_now(runtime, event_id)
    key = (await queue.read_latest_board(runtime, event_id)).draw.key
    assert key.hex() not in str(held)


async def test_two_thousand_are_placed_and_admitted_as_the_permutation_says(runtime, runtimes):
    event_id = await _await_draw(runtime, capacity=0)
    crowd, late = people(2_000), people(20)
    for i in range(0, len(crowd), 50):
        at_once = (join(runtimes[j % 4], event_id, a) for j, a in enumerate(crowd[i : i + 50]))
        await asyncio.gather(*at_once)
    numbers = [place.number for place in await _ask_all(runtimes, event_id, crowd)]
    assert sorted(numbers) == list(range(1, 2_001))
    await open_now(runtime, event_id)
    came = await join_in_turn(runtime, event_id, late)
    assert [standing.place.number for standing in came] == list(range(2_001, 2_021))

    drawn = await _drawn(runtime, event_id)
    places = await _ask_all(runtimes, event_id, crowd)
    assert [place.number for place in places] == [drawn(number) for number in numbers]
    assert [place.given for place in places] == numbers
    assert [place.position for place in places] == [place.number for place in places]

    line = sorted(crowd, key=dict(zip(crowd, (p.number for p in places), strict=True)).get) + late
    inside = 0
    for capacity in (1, 7, 400, 1_999, 2_010, 2_020):
        await change(runtime, event_id, capacity=capacity)
        rounds = (queue.Admitter(other) for other in runtimes)
        while any(await asyncio.gather(*(admitter.run_round() for admitter in rounds))):
            rounds = [queue.Admitter(other) for other in runtimes]
        board = await queue.read_latest_board(runtime, event_id)
        assert (board.serving, board.admitted, board.waiting) == (
            capacity,
            capacity,
            2_020 - capacity,
        )
        states = [place.state.value for place in await _ask_all(runtimes, event_id, line)]
        assert states == ["admitted"] * capacity + ["waiting"] * (len(line) - capacity)
        assert capacity > inside
        inside = capacity


async def test_all_processes_hold_one_draw_however_many_come_at_the_opening(runtime, runtimes):
    event_id = await _await_draw(runtime, capacity=0)
    early, late = people(30), people(100)
    await join_in_turn(runtime, event_id, early)
    await open_now(runtime, event_id)
    came, *asked = await asyncio.gather(
        asyncio.gather(*(join(runtimes[i % 4], event_id, a) for i, a in enumerate(late))),
        *(ask(runtimes[i % 4], event_id, actor) for i, actor in enumerate(early)),
        *(queue.Admitter(other).run_round() for other in runtimes),
    )
    draw = (await queue.read_latest_board(runtime, event_id)).draw
    assert draw.entrants == 30
    assert sorted(standing.place.number for standing in came) == list(range(31, 131))
    for number, standing in enumerate(asked[:30], start=1):
        assert standing.place.number == queue.draw_place(draw.key, 30, number)


class _PlainLine:
    """The model: a list in the order drawn; people are taken from its front, leavers out of it."""

    def __init__(self, runtime, event_id, rng):
        self.runtime, self.event_id, self.rng = runtime, event_id, rng
        self.line, self.inside, self.capacity = [], [], 0

    async def step(self):
        match self.rng.choice(["join", "leave", "return", "admit", "admit", "again"]):
            case "join":
                await self.join(*people(1))
            case "leave" if self.line:
                await self.leave()
            case "return" if self.line:
                await self.join(await self.leave())
            case "again" if self.line:
                await join(self.runtime, self.event_id, self.rng.choice(self.line))
            case "admit":
                self.capacity += self.rng.randrange(1, 6)
                await change(self.runtime, self.event_id, capacity=self.capacity)
        await admit(self.runtime)
        free = self.capacity - len(self.inside)
        self.inside, self.line = self.inside + self.line[:free], self.line[free:]

    async def join(self, actor):
        await join(self.runtime, self.event_id, actor)
        self.line.append(actor)

    async def leave(self):
        actor = self.line.pop(self.rng.randrange(len(self.line)))
        await leave(self.runtime, self.event_id, actor)
        return actor


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
async def test_it_does_what_shuffling_a_list_and_serving_it_in_turn_would(runtime, seed):
    rng = random.Random(seed)
    event_id = await _await_draw(runtime, capacity=0)
    model = _PlainLine(runtime, event_id, rng)
    early = people(60)
    given = {actor: (await join(runtime, event_id, actor)).place.number for actor in early}
    for actor in rng.sample(early, 15):
        await leave(runtime, event_id, actor)
        del given[actor]
        if rng.random() < 0.5:
            given[actor] = (await join(runtime, event_id, actor)).place.number
    await open_now(runtime, event_id)
    drawn = await _drawn(runtime, event_id)
    model.line = sorted(given, key=lambda actor: drawn(given[actor]))
    told = {}
    for _ in range(25):
        await model.step()
        shown = [(await ask(runtime, event_id, actor)).place for actor in model.line]
        assert [place.position for place in shown] == list(range(1, len(shown) + 1))
        for place in shown:
            assert place.position <= told.get(place.given, place.position)
            told[place.given] = place.position
        states = [state_of(await ask(runtime, event_id, actor)) for actor in model.inside]
        assert set(states) <= {"admitted"}


async def test_places_of_many_who_left_are_skipped_and_count_as_gone(runtime):
    """More of them than one script looks at."""
    event_id = await _await_draw(runtime, capacity=0)
    crowd = people(400)
    await join_in_turn(runtime, event_id, crowd)
    for actor in crowd[:370]:
        await leave(runtime, event_id, actor)
    await open_now(runtime, event_id)
    first = [(await ask(runtime, event_id, actor)).place.position for actor in crowd[370:]]
    await admit(runtime)
    then = [(await ask(runtime, event_id, actor)).place.position for actor in crowd[370:]]
    assert sorted(then) == list(range(1, 31))
    assert all(after <= before for before, after in zip(first, then, strict=True))
    await change(runtime, event_id, capacity=12)
    await admit(runtime)
    states = [state_of(await ask(runtime, event_id, actor)) for actor in crowd[370:]]
    assert [state == "admitted" for state in states] == [position <= 12 for position in then]


async def test_after_a_loss_receipts_restore_the_order_drawn(runtime):
    event_id = await _await_draw(runtime, capacity=5)
    crowd = people(40)
    await join_in_turn(runtime, event_id, crowd)
    await open_now(runtime, event_id)
    await admit(runtime)
    before = [await ask(runtime, event_id, actor) for actor in crowd]
    draw = (await queue.read_latest_board(runtime, event_id)).draw
    await lose_the_store(runtime)

    back = list(zip(crowd, before, strict=True))
    random.Random(5).shuffle(back)
    [newcomer] = people(1)
    for actor, standing in back:
        restored = await join(runtime, event_id, actor, standing.receipt)
        assert restored.place.number == standing.place.number
        assert restored.place.position == standing.place.position
        assert state_of(restored) == state_of(standing)
    assert (await join(runtime, event_id, newcomer)).place.number > 40
    assert (await queue.read_latest_board(runtime, event_id)).draw == draw
    await change(runtime, event_id, capacity=12)
    await end_the_grace(runtime, event_id)
    await admit(runtime)
    for actor, standing in back:
        is_inside = state_of(await ask(runtime, event_id, actor)) == "admitted"
        assert is_inside == (standing.place.number <= 12)


async def test_receipts_of_before_the_opening_are_good_after_it(runtime):
    event_id = await _await_draw(runtime, capacity=0)
    crowd = people(30)
    before = await join_in_turn(runtime, event_id, crowd)
    await leave(runtime, event_id, crowd[0])
    await lose_the_store(runtime)
    await open_now(runtime, event_id)
    again = [
        (await join(runtime, event_id, actor, standing.receipt)).place
        for actor, standing in zip(crowd[1:], before[1:], strict=True)
    ]
    drawn = await _drawn(runtime, event_id)
    assert [place.given for place in again] == list(range(2, 31))
    assert [place.number for place in again] == [drawn(place.given) for place in again]


async def test_a_loss_at_the_very_opening_draws_nobody_twice(runtime):
    """PostgreSQL has the record, the store has neither it nor the line."""
    event_id = await _await_draw(runtime, capacity=0)
    crowd = people(20)
    before = await join_in_turn(runtime, event_id, crowd)
    await open_now(runtime, event_id)
    draw = (await queue.read_latest_board(runtime, event_id)).draw
    await lose_the_store(runtime)
    assert (await queue.read_latest_board(runtime, event_id)).draw == draw
    [newcomer] = people(1)
    assert (await join(runtime, event_id, newcomer)).place.number > draw.entrants
    for actor, standing in zip(crowd, before, strict=True):
        place = (await join(runtime, event_id, actor, standing.receipt)).place
        assert place.number == queue.draw_place(draw.key, draw.entrants, place.given)


async def _writes(runtime):
    stats = await runtime.redis.client.info("commandstats")
    lines = stats.decode().splitlines() if isinstance(stats, bytes) else []
    if isinstance(stats, dict):
        return {name: entry["calls"] for name, entry in stats.items() if "calls" in entry}
    calls = (line.partition(":calls=") for line in lines if ":calls=" in line)
    return {name: int(rest.split(",")[0]) for name, _, rest in calls}


@pytest.mark.parametrize("entrants", [10, 1_000])
async def test_opening_writes_as_little_for_many_as_for_few(runtime, entrants):
    event_id = await _await_draw(runtime, capacity=0)
    for i in range(0, entrants, 50):
        await asyncio.gather(*(join(runtime, event_id, a) for a in people(min(50, entrants - i))))
    await open_now(runtime, event_id)
    before = await _writes(runtime)
    assert (await queue.read_latest_board(runtime, event_id)).draw.entrants == entrants
    after = await _writes(runtime)
    changed = {
        name.removeprefix("cmdstat_"): calls - before.get(name, 0)
        for name, calls in after.items()
        if calls != before.get(name, 0)
    }
    assert changed.get("rename", 0) == 1
    assert changed.get("hset", 0) == 1
    assert not set(changed) & {"zadd", "zrem", "zpopmin", "hdel", "unlink"}


async def test_a_draw_that_was_held_cannot_be_undone_but_by_a_reset(runtime):
    event_id = await _await_draw(runtime, capacity=0)
    commitment = (await queue.read_latest_board(runtime, event_id)).draw.commitment
    await join_in_turn(runtime, event_id, people(3))
    await change(runtime, event_id, mode=queue.Mode.FIFO)
    assert (await queue.read_latest_board(runtime, event_id)).draw is None
    await change(runtime, event_id, mode=queue.Mode.DRAW)
    assert (await queue.read_latest_board(runtime, event_id)).draw.commitment == commitment
    await open_now(runtime, event_id)
    with pytest.raises(queue.QueueModeFixed):
        await change(runtime, event_id, mode=queue.Mode.FIFO)
    await reset(runtime, event_id)
    draw = (await queue.read_latest_board(runtime, event_id)).draw
    assert draw.entrants == 0
    assert draw.commitment != commitment
    await change(runtime, event_id, mode=queue.Mode.FIFO)


async def test_a_draw_set_after_the_opening_leaves_the_line_as_it_is(runtime):
    event_id = await open_line(runtime, capacity=1)
    line = people(5)
    before = await join_in_turn(runtime, event_id, line)
    await change(runtime, event_id, mode=queue.Mode.DRAW)
    for actor, standing in zip(line, before, strict=True):
        place = (await ask(runtime, event_id, actor)).place
        assert (place.number, place.position) == (standing.place.number, standing.place.position)
    assert (await queue.read_latest_board(runtime, event_id)).draw.entrants == 0
