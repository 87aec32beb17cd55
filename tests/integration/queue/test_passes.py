"""Whom the sale lets buy."""

from tests.support.stores import ON_EACH_STORE
from tests.support.waiting_room import (
    admit,
    change,
    join,
    join_in_turn,
    lapse_pass,
    leave,
    open_line,
    people,
    reset,
    state_of,
)
from tiketi.events import api as events
from tiketi.infra.runtime import open_runtime
from tiketi.queue import api as queue

pytestmark = ON_EACH_STORE


async def _event(runtime, event_id):
    async with runtime.database.latest() as reader:
        return await events.get_event(reader, event_id)


async def _is_let_in(runtime, actor, event, token):
    try:
        await queue.require_pass(runtime, actor, event, token)
    except queue.QueuePassRequired:
        return False
    return True


async def test_only_one_s_own_pass_for_the_event_opens_the_sale(runtime):
    event_id, other_id = [await open_line(runtime) for _ in range(2)]
    event, other = await _event(runtime, event_id), await _event(runtime, other_id)
    actor, thief = people(2)
    standing = await join(runtime, event_id, actor)
    await join(runtime, event_id, thief)
    await join(runtime, other_id, actor)
    assert await _is_let_in(runtime, actor, event, standing.pass_token)
    assert await _is_let_in(runtime, actor, event, standing.pass_token)
    assert not await _is_let_in(runtime, thief, event, standing.pass_token)
    assert not await _is_let_in(runtime, actor, other, standing.pass_token)
    for token in (None, "", "a.b.c", standing.receipt, standing.pass_token[:-4] + "AAAA"):
        assert not await _is_let_in(runtime, actor, event, token)


async def test_a_pass_that_was_left_spent_or_has_lapsed_opens_nothing(runtime):
    event_id = await open_line(runtime)
    event = await _event(runtime, event_id)
    leaver, buyer, sleeper = line = people(3)
    tokens = [standing.pass_token for standing in await join_in_turn(runtime, event_id, line)]
    await leave(runtime, event_id, leaver)
    await queue.spend_pass(runtime, event_id, buyer.user_id)
    await lapse_pass(runtime, event_id, sleeper)
    for actor, token in zip(line, tokens, strict=True):
        assert not await _is_let_in(runtime, actor, event, token)


async def test_a_spent_pass_frees_its_place_at_once(runtime):
    event_id = await open_line(runtime, capacity=1)
    buyer, next_up = people(2)
    await join_in_turn(runtime, event_id, [buyer, next_up])
    await queue.spend_pass(runtime, event_id, buyer.user_id)
    await admit(runtime)
    assert state_of(await join(runtime, event_id, next_up)) == "admitted"


async def test_spending_an_old_pass_keeps_the_new_place_in_line(runtime):
    event_id = await open_line(runtime, capacity=1)
    buyer, other = people(2)
    await join(runtime, event_id, buyer)
    await lapse_pass(runtime, event_id, buyer)
    await join_in_turn(runtime, event_id, [other, buyer])
    await queue.spend_pass(runtime, event_id, buyer.user_id)
    assert (await join(runtime, event_id, buyer)).place.number == 3


async def test_where_the_queue_is_off_no_pass_is_asked_for(runtime):
    event_id = await open_line(runtime, enabled=False)
    [actor] = people(1)
    assert await _is_let_in(runtime, actor, await _event(runtime, event_id), None)
    token = (await join(runtime, event_id, actor)).pass_token
    await change(runtime, event_id, enabled=True)
    assert not await _is_let_in(runtime, actor, await _event(runtime, event_id), token)


async def test_while_the_store_is_away_signature_and_epoch_decide(settings, runtime):
    event_id = await open_line(runtime)
    event = await _event(runtime, event_id)
    actor, thief = people(2)
    token = (await join(runtime, event_id, actor)).pass_token
    nowhere = settings.model_copy(update={"redis_url": "redis://127.0.0.1:1"})
    cut_off = open_runtime(nowhere, service="test")
    assert await _is_let_in(cut_off, actor, event, token)
    assert not await _is_let_in(cut_off, thief, event, token)
    await queue.spend_pass(cut_off, event_id, actor.user_id)
    await cut_off.close()
    await reset(runtime, event_id)
    cut_off = open_runtime(nowhere, service="test")
    assert not await _is_let_in(cut_off, actor, event, token)
    await cut_off.close()
