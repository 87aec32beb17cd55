"""What the waiting room keeps when the store forgets, and when its replies are lost."""

import random

import pytest

from tests.support.away import DeafStore
from tests.support.stores import ON_EACH_STORE
from tests.support.waiting_room import (
    admit,
    ask,
    end_the_grace,
    join,
    join_in_turn,
    lapse_pass,
    leave,
    lose_the_store,
    open_line,
    people,
    reset,
    state_of,
    stretch_the_grace,
)
from tiketi.events import api as events
from tiketi.queue import api as queue
from tiketi.queue.keys import room_keys

pytestmark = ON_EACH_STORE


async def _event(runtime, event_id):
    async with runtime.database.latest() as reader:
        return await events.get_event(reader, event_id)


async def test_receipts_restore_the_line_and_newcomers_come_behind_it(runtime):
    event_id = await open_line(runtime, capacity=0)
    line, newcomers = people(300), people(50)
    before = await join_in_turn(runtime, event_id, line)
    await lose_the_store(runtime)
    with pytest.raises(queue.NotInQueue):
        await ask(runtime, event_id, line[0])

    places = list(zip(line, before, strict=True))
    random.Random(3).shuffle(places)
    came = [await join(runtime, event_id, newcomers[0])]
    for actor, standing in places:
        restored = await join(runtime, event_id, actor, standing.receipt)
        assert restored.place.number == standing.place.number
        assert restored.place.position == standing.place.position
    came += await join_in_turn(runtime, event_id, newcomers[1:])
    last = max(standing.place.number for standing in before)
    assert min(standing.place.number for standing in came) > last
    assert len({standing.place.number for standing in came}) == 50


async def test_positions_do_not_grow_while_the_line_comes_back(runtime):
    """Each shows the last receipt they were given, however little of the line is back."""
    event_id = await open_line(runtime, capacity=10)
    crowd = people(60)
    await join_in_turn(runtime, event_id, crowd)
    rng = random.Random(4)
    for actor in rng.sample(crowd, 15):
        await leave(runtime, event_id, actor)
    await admit(runtime)
    shown = {}
    for actor in crowd:
        try:
            standing = await ask(runtime, event_id, actor)
        except queue.NotInQueue:
            continue
        if state_of(standing) == "waiting":
            shown[actor] = standing
    await lose_the_store(runtime)
    order = rng.sample(list(shown), len(shown))
    position = {actor: standing.place.position for actor, standing in shown.items()}
    for actor in order:
        await join(runtime, event_id, actor, shown[actor].receipt)
        await stretch_the_grace(runtime, event_id)
        await _check_none_grew(runtime, event_id, position)
    await end_the_grace(runtime, event_id)
    await admit(runtime)
    await _check_none_grew(runtime, event_id, position)
    numbers = {actor: standing.place.number for actor, standing in shown.items()}
    first = sorted(numbers, key=numbers.__getitem__)[:10]
    assert {state_of(await ask(runtime, event_id, actor)) for actor in first} == {"admitted"}


async def _check_none_grew(runtime, event_id, position):
    for actor in position:
        try:
            place = (await ask(runtime, event_id, actor)).place
        except queue.NotInQueue:
            continue
        if place.position is not None:
            assert place.position <= position[actor]
            position[actor] = place.position


async def test_after_a_loss_the_front_has_time_to_come_back(runtime):
    event_id = await open_line(runtime, capacity=1)
    inside, waiting, newcomer = people(3)
    _, waited = await join_in_turn(runtime, event_id, [inside, waiting])
    await lose_the_store(runtime)
    assert state_of(await join(runtime, event_id, newcomer)) == "waiting"
    await admit(runtime)
    assert (await join(runtime, event_id, waiting, waited.receipt)).place.number == 2
    await end_the_grace(runtime, event_id)
    await admit(runtime)
    assert state_of(await ask(runtime, event_id, waiting)) == "admitted"
    assert state_of(await ask(runtime, event_id, newcomer)) == "waiting"


async def test_joins_that_a_fail_over_forgot_are_restored_by_their_receipts(runtime):
    """A replica is promoted that had not heard of the last two joins: the life goes on."""
    event_id = await open_line(runtime, capacity=0)
    line, newcomer = people(4), people(1)[0]
    receipts = [standing.receipt for standing in await join_in_turn(runtime, event_id, line)]
    room_key, waiting_key = room_keys(event_id)[:2]
    await runtime.redis.command("ZREM", waiting_key, *(str(who.user_id) for who in line[2:]))
    await runtime.redis.command("HSET", room_key, "next", 2)
    assert (await join(runtime, event_id, line[3], receipts[3])).place.number == 4
    assert (await join(runtime, event_id, newcomer)).place.number == 5
    assert (await join(runtime, event_id, line[2], receipts[2])).place.number == 3
    await leave(runtime, event_id, line[3])
    assert (await join(runtime, event_id, line[3], receipts[3])).place.number == 6


async def test_a_second_loss_gives_no_number_twice(runtime):
    event_id = await open_line(runtime, capacity=0)
    given = {}
    for _ in range(4):
        for standing in await join_in_turn(runtime, event_id, people(20)):
            assert standing.place.number not in given
            given[standing.place.number] = standing
        await lose_the_store(runtime)
    assert min(given) == 1


async def test_who_forgot_the_receipt_gets_the_better_place_on_showing_it(runtime):
    event_id = await open_line(runtime, capacity=0)
    actor, other = people(2)
    before = await join(runtime, event_id, actor)
    await lose_the_store(runtime)
    await join(runtime, event_id, actor)
    behind = await join(runtime, event_id, other)
    restored = await join(runtime, event_id, actor, before.receipt)
    assert restored.place.number == before.place.number
    assert (await ask(runtime, event_id, other)).place.position < behind.place.position


async def test_a_bad_foreign_or_old_receipt_is_ignored(runtime):
    event_id, other_id = [await open_line(runtime, capacity=0) for _ in range(2)]
    actor, thief = people(2)
    receipt = (await join(runtime, event_id, actor)).receipt
    await lose_the_store(runtime)
    for shown in ("", "x" * 10_000, "a.b.c", receipt[:-4] + "AAAA"):
        standing = await join(runtime, event_id, thief, shown)
        assert standing.place.number == 1_001
    assert (await join(runtime, event_id, thief, receipt)).place.number == 1_001
    assert (await join(runtime, other_id, actor, receipt)).place.number == 1
    await reset(runtime, event_id)
    assert (await join(runtime, event_id, actor, receipt)).place.number == 1


async def test_a_receipt_restores_once(runtime):
    event_id = await open_line(runtime, capacity=0)
    leaver, lapsed = people(2)
    receipts = [s.receipt for s in await join_in_turn(runtime, event_id, [leaver, lapsed])]
    await lose_the_store(runtime)
    assert (await join(runtime, event_id, leaver, receipts[0])).place.number == 1
    await leave(runtime, event_id, leaver)
    assert (await join(runtime, event_id, leaver, receipts[0])).place.number > 1_000

    await runtime.redis.command("HSET", room_keys(event_id)[0], "capacity", 1)
    assert (await join(runtime, event_id, lapsed)).place.number > 1_000
    await leave(runtime, event_id, leaver)
    await end_the_grace(runtime, event_id)
    await admit(runtime)
    assert state_of(await ask(runtime, event_id, lapsed)) == "admitted"
    await lapse_pass(runtime, event_id, lapsed)
    assert (await join(runtime, event_id, lapsed, receipts[1])).place.number > 1_000


async def test_who_was_inside_is_inside_again(runtime):
    event_id = await open_line(runtime, capacity=2)
    event = await _event(runtime, event_id)
    by_receipt, by_pass, third = people(3)
    first, second = await join_in_turn(runtime, event_id, [by_receipt, by_pass])
    await lose_the_store(runtime)
    again = await join(runtime, event_id, by_receipt, first.receipt)
    assert state_of(again) == "admitted"
    assert again.place.expires_at == first.place.expires_at
    await queue.require_pass(runtime, by_pass, event, second.pass_token)
    assert state_of(await ask(runtime, event_id, by_pass)) == "admitted"
    await end_the_grace(runtime, event_id)
    assert state_of(await join(runtime, event_id, third)) == "waiting"
    assert (await queue.read_latest_board(runtime, event_id)).admitted == 2


async def test_old_passes_never_exceed_the_capacity(runtime):
    event_id = await open_line(runtime, capacity=2)
    event = await _event(runtime, event_id)
    old, new = people(2), people(2)
    passes = [s.pass_token for s in await join_in_turn(runtime, event_id, old)]
    await lose_the_store(runtime)
    await join_in_turn(runtime, event_id, new)
    await end_the_grace(runtime, event_id)
    await admit(runtime)
    for actor, token in zip(old, passes, strict=True):
        with pytest.raises(queue.QueuePassRequired):
            await queue.require_pass(runtime, actor, event, token)
    assert (await queue.read_latest_board(runtime, event_id)).admitted == 2


async def test_a_spent_pass_is_not_taken_in_again(runtime):
    event_id = await open_line(runtime, capacity=2)
    event = await _event(runtime, event_id)
    [actor] = people(1)
    standing = await join(runtime, event_id, actor)
    await lose_the_store(runtime)
    await queue.require_pass(runtime, actor, event, standing.pass_token)
    await join(runtime, event_id, people(1)[0])
    await queue.require_pass(runtime, actor, event, standing.pass_token)
    await queue.spend_pass(runtime, event_id, actor.user_id)
    with pytest.raises(queue.QueuePassRequired):
        await queue.require_pass(runtime, actor, event, standing.pass_token)


async def test_lost_replies_change_nothing(settings, runtime):
    await runtime.redis.close()
    runtime.redis = DeafStore(settings)
    event_id = await open_line(runtime, capacity=3)
    line = people(8)
    standings = await join_in_turn(runtime, event_id, line)
    assert [standing.place.number for standing in standings] == list(range(1, 9))
    assert [standing.place.position for standing in standings[3:]] == [1, 2, 3, 4, 5]
    await leave(runtime, event_id, line[0])
    await leave(runtime, event_id, line[5])
    await queue.spend_pass(runtime, event_id, line[1].user_id)
    await admit(runtime)
    states = [state_of(await ask(runtime, event_id, line[i])) for i in (2, 3, 4, 6, 7)]
    assert states == ["admitted"] * 3 + ["waiting"] * 2
    await reset(runtime, event_id)
    assert (await join(runtime, event_id, line[7])).place.number == 1
