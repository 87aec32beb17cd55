"""First come, first served: places, their order, and who goes in."""

import random
from datetime import timedelta

import pytest

from tests.support.stores import ON_EACH_STORE
from tests.support.waiting_room import (
    admit,
    admit_until_inside,
    ask,
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
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.errors import NotFound
from tiketi.kernel.ids import new_id
from tiketi.queue import api as queue
from tiketi.queue.keys import room_keys

pytestmark = ON_EACH_STORE


async def test_with_room_and_nobody_waiting_one_is_admitted_at_once(runtime):
    event_id = await open_line(runtime)
    [actor] = people(1)
    standing = await join(runtime, event_id, actor)
    assert state_of(standing) == "admitted"
    assert standing.pass_token
    assert (standing.place.number, standing.place.position) == (1, None)


async def test_joining_again_keeps_the_first_place(runtime):
    event_id = await open_line(runtime, capacity=0)
    line = people(3)
    await join_in_turn(runtime, event_id, line)
    again = await join(runtime, event_id, line[0])
    assert (again.place.number, again.place.position) == (1, 1)
    assert (await ask(runtime, event_id, line[2])).place.position == 3


async def test_who_has_not_joined_has_no_place(runtime):
    event_id = await open_line(runtime)
    [actor] = people(1)
    with pytest.raises(queue.NotInQueue):
        await ask(runtime, event_id, actor)


async def test_a_draft_has_no_line(runtime):
    event_id = await open_line(runtime, publish=False)
    with pytest.raises(NotFound):
        await join(runtime, event_id, people(1)[0])


async def test_those_behind_a_leaver_move_up_and_nobody_else(runtime):
    event_id = await open_line(runtime, capacity=0)
    line = people(5)
    await join_in_turn(runtime, event_id, line)
    await leave(runtime, event_id, line[2])
    await leave(runtime, event_id, line[2])
    positions = [(await ask(runtime, event_id, line[i])).place.position for i in (0, 1, 3, 4)]
    assert positions == [1, 2, 3, 4]


async def test_leaving_then_joining_is_a_new_place_at_the_end(runtime):
    event_id = await open_line(runtime, capacity=0)
    line = people(3)
    receipts = [standing.receipt for standing in await join_in_turn(runtime, event_id, line)]
    await leave(runtime, event_id, line[0])
    again = await join(runtime, event_id, line[0], receipts[0])
    assert (again.place.number, again.place.position) == (4, 3)


async def test_the_waiting_go_in_before_newcomers(runtime):
    """300 leave with 500 waiting: the 300 next in line go in, and none of 300 newcomers."""
    event_id = await open_line(runtime, capacity=300)
    inside, waiting, newcomers = people(300), people(500), people(300)
    await join_in_turn(runtime, event_id, inside)
    await join_in_turn(runtime, event_id, waiting)
    for actor in inside:
        await leave(runtime, event_id, actor)
    came = await join_in_turn(runtime, event_id, newcomers)
    await admit(runtime)
    assert {state_of(standing) for standing in came} == {"waiting"}
    states = [state_of(await ask(runtime, event_id, actor)) for actor in waiting]
    assert states == ["admitted"] * 300 + ["waiting"] * 200
    states = [state_of(await ask(runtime, event_id, actor)) for actor in newcomers]
    assert set(states) == {"waiting"}


async def test_before_the_opening_one_waits(runtime):
    event_id = await open_line(runtime, opens_in=timedelta(hours=1))
    standing = await join(runtime, event_id, people(1)[0])
    await admit(runtime)
    board = await queue.read_board(runtime, event_id)
    assert state_of(standing) == "waiting"
    assert standing.estimate.seconds >= 3_590
    assert (board.state, board.waiting, board.admitted) == ("pre", 1, 0)


async def test_the_opening_admits_by_the_clock_alone(runtime):
    event_id = await open_line(runtime, opens_in=timedelta(seconds=1))
    [actor] = people(1)
    assert state_of(await join(runtime, event_id, actor)) == "waiting"
    await admit_until_inside(runtime, event_id, actor)
    async with runtime.database.latest() as reader:
        event = await events.get_event(reader, event_id)
    assert runtime.clock.now() >= event.sale_opens_at


async def test_a_sale_that_is_over_or_cancelled_takes_nobody(runtime):
    ended = await open_line(runtime, opens_in=timedelta(hours=-2), closes_in=timedelta(seconds=-1))
    with pytest.raises(events.SaleNotOpen):
        await join(runtime, ended, people(1)[0])
    cancelled = await open_line(runtime, capacity=1)
    line = people(2)
    await join_in_turn(runtime, cancelled, line)
    async with runtime.database.transaction() as tx:
        await events.cancel_event(tx, cancelled, now=runtime.clock.now())
        await queue.close_room(tx, runtime, cancelled)
    with pytest.raises(events.SaleNotOpen):
        await join(runtime, cancelled, people(1)[0])
    await leave(runtime, cancelled, line[0])
    await admit(runtime)
    assert state_of(await ask(runtime, cancelled, line[1])) == "waiting"
    assert (await queue.read_latest_board(runtime, cancelled)).state == "closed"


async def test_a_lapsed_pass_is_expired_and_joining_gives_a_new_place(runtime):
    event_id = await open_line(runtime, capacity=1)
    first, second, third = people(3)
    await join_in_turn(runtime, event_id, [first, second])
    await lapse_pass(runtime, event_id, first)
    expired = await ask(runtime, event_id, first)
    assert (state_of(expired), expired.pass_token, expired.place.number) == ("expired", None, 1)
    await join(runtime, event_id, third)
    again = await join(runtime, event_id, first, expired.receipt)
    assert state_of(await ask(runtime, event_id, second)) == "admitted"
    assert (state_of(again), again.place.number, again.place.position) == ("waiting", 4, 2)


async def test_a_pass_lapses_by_the_store_s_clock(runtime):
    event_id = await open_line(runtime, capacity=1, pass_ttl_seconds=2)
    first, second = people(2)
    standing = await join(runtime, event_id, first)
    await join(runtime, event_id, second)
    await admit_until_inside(runtime, event_id, second)
    board = await queue.read_latest_board(runtime, event_id)
    assert board.as_of >= standing.place.expires_at
    assert state_of(await ask(runtime, event_id, first)) == "expired"


async def test_crew_goes_in_beside_the_line_and_outside_the_capacity(runtime):
    event_id = await open_line(runtime, capacity=1)
    line = people(2)
    await join_in_turn(runtime, event_id, line)
    for role in (Role.STAFF, Role.ADMIN):
        crew = Actor(new_id(), role)
        standing = await join(runtime, event_id, crew)
        assert state_of(standing) == "admitted"
        by_receipt = Actor(crew.user_id, Role.USER)
        assert state_of(await ask(runtime, event_id, by_receipt)) == "admitted"
    organizer = Actor(new_id(), Role.ORGANIZER)
    assert state_of(await join(runtime, event_id, organizer)) == "waiting"
    board = await queue.read_latest_board(runtime, event_id)
    assert (board.admitted, board.waiting) == (1, 2)


async def test_where_the_queue_is_off_nobody_waits(runtime):
    event_id = await open_line(runtime, enabled=False, capacity=0)
    [actor] = people(1)
    for standing in (await ask(runtime, event_id, actor), await join(runtime, event_id, actor)):
        assert state_of(standing) == "not_required"
        assert standing.pass_token
    await change(runtime, event_id, enabled=True)
    assert state_of(await join(runtime, event_id, actor)) == "waiting"


async def test_a_reset_empties_the_line_and_voids_every_paper(runtime):
    event_id = await open_line(runtime, capacity=1)
    inside, waiting, newcomer = people(3)
    passed = await join(runtime, event_id, inside)
    waited = await join(runtime, event_id, waiting)
    async with runtime.database.latest() as reader:
        event = await events.get_event(reader, event_id)
    await queue.require_pass(runtime, inside, event, passed.pass_token)
    assert await reset(runtime, event_id) == 2
    for actor in (inside, waiting):
        with pytest.raises(queue.NotInQueue):
            await ask(runtime, event_id, actor)
    with pytest.raises(queue.QueuePassRequired):
        await queue.require_pass(runtime, inside, event, passed.pass_token)
    first = await join(runtime, event_id, newcomer)
    again = await join(runtime, event_id, waiting, waited.receipt)
    assert (first.place.number, again.place.number, again.place.position) == (1, 2, 1)
    assert (await queue.read_latest_board(runtime, event_id)).epoch == 2


@pytest.mark.parametrize("seed", range(3))
async def test_positions_are_ranks_and_never_grow(runtime, seed):
    """Anything in any order: a position is the rank, never grows, and the lowest number goes in."""
    rng = random.Random(seed)
    event_id = await open_line(runtime, capacity=5)
    crowd = people(20)
    waiting_key, admitted_key = room_keys(event_id)[1:3]
    last: dict[tuple[Actor, int], int] = {}
    for _ in range(250):
        actor = rng.choice(crowd)
        act = rng.choice(("join", "join", "join", "leave", "spend", "lapse", "admit"))
        if act == "join":
            await join(runtime, event_id, actor)
        elif act == "leave":
            await leave(runtime, event_id, actor)
        elif act == "spend":
            await queue.spend_pass(runtime, event_id, actor.user_id)
        elif act == "lapse":
            await lapse_pass(runtime, event_id, actor)
        else:
            await admit(runtime)
        assert await runtime.redis.command("ZCOUNT", admitted_key, 2, "+inf") <= 5
        ranks = await runtime.redis.command("ZRANGE", waiting_key, 0, -1)
        for rank, member in enumerate(ranks, start=1):
            waiter = next(person for person in crowd if str(person.user_id).encode() == member)
            place = (await ask(runtime, event_id, waiter)).place
            assert place.position == rank
            assert place.position <= last.get((waiter, place.number), place.position)
            last[waiter, place.number] = place.position
