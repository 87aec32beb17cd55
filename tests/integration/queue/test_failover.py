"""The queue's shard loses its master: people wait a few seconds longer, and keep their places."""

import asyncio
import random
import time
from datetime import timedelta

import pytest

from tests.support.cluster import mend, sever
from tests.support.crowd import Crowd, LibraryDoor, admit_for_ever, alongside, watch_boards
from tests.support.waiting_room import (
    admit,
    ask,
    change,
    join,
    join_in_turn,
    leave,
    open_line,
    open_now,
    people,
    state_of,
    until,
)
from tiketi.events import api as events
from tiketi.infra.keyspace import Pool, tag_for
from tiketi.kernel.errors import Unavailable
from tiketi.queue import api as queue
from tiketi.queue.tokens import find_receipt

QUEUE_SHARD = 1


@pytest.fixture
def store_kind():
    return "cluster"


@pytest.fixture
def fragile(cluster):
    yield cluster
    mend(cluster)


async def _fail_over(cluster, runtime, event_id):
    """The master dies; until its replica answers."""
    await asyncio.to_thread(cluster.master_of(QUEUE_SHARD).kill)

    async def is_back():
        try:
            await queue.read_latest_board(runtime, event_id)
        except Unavailable:
            return False
        return True

    await until(is_back, seconds_max=30)


async def _keep_reading(runtime, pool, took):
    """How long each read of another shard takes, in seconds; a failure ends it."""
    while True:
        began = time.monotonic()
        await runtime.redis.command("GET", f"test:{{{tag_for(pool, 1)}}}")
        took.append(time.monotonic() - began)
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "blow",
    [
        ("kill", 300),
        pytest.param(("hang", 300), marks=pytest.mark.long),
        pytest.param(("kill", 3_000), marks=[pytest.mark.long, pytest.mark.timeout(300)]),
    ],
)
async def test_a_master_lost_amid_admission_costs_seconds_and_no_place(
    fragile, runtime, runtimes, note, blow
):
    how, visitors = blow
    event_id = await open_line(runtime, capacity=visitors // 8)
    crowd, boards, elsewhere = Crowd(LibraryDoor(runtimes, event_id)), [], []
    rng = random.Random(11)

    async def come(actor):
        await asyncio.sleep(rng.uniform(0, 8))
        await crowd.visit(actor, stay_seconds=rng.uniform(0.2, 0.6))

    async def strike():
        async def is_under_way():
            return len(crowd.admitted) > visitors // 5

        await until(is_under_way, seconds_max=30)
        master = fragile.master_of(QUEUE_SHARD)
        await asyncio.to_thread(getattr(master, how))
        return time.monotonic()

    others = [_keep_reading(runtime, pool, elsewhere) for pool in (Pool.LOCK, Pool.CACHE)]
    async with alongside(
        watch_boards(runtime, event_id, boards), *map(admit_for_ever, runtimes), *others
    ):
        struck, *_ = await asyncio.gather(strike(), *map(come, people(visitors)))

    gap = {what: crowd.gap_seconds(getattr(crowd, what), struck) for what in ("joined", "admitted")}
    note(f"{how}: first join {gap['joined']:.2f} s after, first admission {gap['admitted']:.2f} s")
    assert crowd.broken == []
    assert max(board.admitted for board in boards) <= visitors // 8
    assert await queue.count_over_capacity(runtime) == 0
    assert max(gap.values()) < 15
    # One shard's trouble stays its own.
    assert len(elsewhere) > 500
    assert max(elsewhere) < 1


async def _settle_admission(runtime, event_id, admitted):
    """Rounds of the admitter until so many are inside."""

    async def are_inside():
        await admit(runtime)
        return (await queue.read_latest_board(runtime, event_id)).admitted == admitted

    await until(are_inside)


async def test_what_the_promoted_replica_never_heard_of_is_made_good(fragile, runtime):
    """The worst fail-over: the replica had been cut off, so joins, leaves, admissions are gone."""
    event_id = await open_line(runtime, capacity=3)
    kept, forgotten = people(30), people(10)
    before = dict(zip(kept, await join_in_turn(runtime, event_id, kept), strict=True))
    await asyncio.to_thread(sever, fragile, QUEUE_SHARD)
    # Forgotten: three come out, three more are let in, ten join; all were told so.
    for actor in kept[:3]:
        await leave(runtime, event_id, actor)
    await _settle_admission(runtime, event_id, 3)
    before |= zip(forgotten, await join_in_turn(runtime, event_id, forgotten), strict=True)
    before |= {actor: await ask(runtime, event_id, actor) for actor in kept[3:]}
    inside = [actor for actor in kept[3:] if state_of(before[actor]) == "admitted"]
    await _fail_over(fragile, runtime, event_id)

    newcomers = people(5)
    came = await join_in_turn(runtime, event_id, newcomers)
    after = {}
    for actor in random.Random(12).sample([*kept[3:], *forgotten], 37):
        after[actor] = await come_back(runtime, event_id, actor, before[actor].receipt)
    numbers = [standing.place.number for standing in (*after.values(), *came)]
    assert len(set(numbers)) == len(numbers)
    highest = max(standing.place.number for standing in before.values())
    assert min(standing.place.number for standing in came) > highest
    for actor, standing in after.items():
        assert standing.place.number == before[actor].place.number
        if before[actor].place.position is not None and standing.place.position is not None:
            assert standing.place.position <= before[actor].place.position
    async with runtime.database.latest() as reader:
        event = await events.get_event(reader, event_id)
    board = await queue.read_latest_board(runtime, event_id)
    assert board.admitted <= 3
    assert len(inside) == 3
    # The places of the three who left are still taken, as far as the store knows.
    for actor in kept[:3]:
        await leave(runtime, event_id, actor)
    for actor in inside:
        await queue.require_pass(runtime, actor, event, before[actor].pass_token)
    await admit(runtime)
    assert (await queue.read_latest_board(runtime, event_id)).admitted == 3


async def come_back(runtime, event_id, actor, receipt):
    """As a waiting page does: ask by the receipt, and join with it where one is not known."""
    shown = queue.Receipt(receipt, find_receipt(runtime, receipt))
    now = runtime.clock.now()
    try:
        return await queue.read_status(runtime, actor, event_id, shown=shown, now=now)
    except queue.NotInQueue:
        return await join(runtime, event_id, actor, receipt)


async def test_a_draw_opened_as_the_master_dies_is_opened_the_same_again(fragile, runtime):
    """Its opening, the first it let in and the last who joined are all forgotten."""
    event_id = await open_line(
        runtime, opens_in=timedelta(seconds=3), mode=queue.Mode.DRAW, capacity=5
    )
    kept, forgotten, late = people(40), people(10), people(5)
    before = dict(zip(kept, await join_in_turn(runtime, event_id, kept), strict=True))
    await asyncio.to_thread(sever, fragile, QUEUE_SHARD)
    before |= zip(forgotten, await join_in_turn(runtime, event_id, forgotten), strict=True)
    await _settle_admission(runtime, event_id, 5)
    opened = (await queue.read_latest_board(runtime, event_id)).draw
    told = {actor: await ask(runtime, event_id, actor) for actor in (*kept, *forgotten)}
    await _fail_over(fragile, runtime, event_id)

    draw = (await queue.read_latest_board(runtime, event_id)).draw
    assert (draw.key, draw.entrants) == (opened.key, 50)
    came = await join_in_turn(runtime, event_id, late)
    assert min(standing.place.number for standing in came) > 50
    for actor, standing in told.items():
        again = await come_back(runtime, event_id, actor, standing.receipt)
        assert again.place.number == standing.place.number
        assert again.place.given == standing.place.given
        if standing.place.position is not None:
            assert again.place.position is None or again.place.position <= standing.place.position
    await _settle_admission(runtime, event_id, 5)
    first = {actor for actor, standing in told.items() if standing.place.number <= 5}
    assert len(first) == 5
    for actor in first:
        # Others may have been let in before they were back; then they are the next.
        place = (await ask(runtime, event_id, actor)).place
        assert place.state is queue.PlaceState.ADMITTED or place.position == 1


@pytest.mark.long
async def test_a_draw_whose_entrants_were_forgotten_before_it_opened_draws_them_too(
    fragile, runtime
):
    event_id = await open_line(
        runtime, opens_in=timedelta(hours=1), mode=queue.Mode.DRAW, capacity=0
    )
    kept, forgotten = people(20), people(10)
    before = dict(zip(kept, await join_in_turn(runtime, event_id, kept), strict=True))
    await asyncio.to_thread(sever, fragile, QUEUE_SHARD)
    before |= zip(forgotten, await join_in_turn(runtime, event_id, forgotten), strict=True)
    await _fail_over(fragile, runtime, event_id)
    await open_now(runtime, event_id)
    draw = (await queue.read_latest_board(runtime, event_id)).draw
    assert draw.entrants >= 30
    for actor, standing in before.items():
        place = (await come_back(runtime, event_id, actor, standing.receipt)).place
        given = standing.place.number
        assert place.number == queue.draw_place(draw.key, draw.entrants, given)


async def test_a_pause_that_the_promoted_replica_never_heard_of_holds_again_in_two_seconds(
    fragile, runtime
):
    event_id = await open_line(runtime, capacity=5)
    admitter = queue.Admitter(runtime)
    await admitter.run_round()
    await asyncio.to_thread(sever, fragile, QUEUE_SHARD)
    await change(runtime, event_id, paused=True)

    async def has_heard():
        await admitter.run_round()
        return admitter._rooms[event_id].room.settings.paused

    await until(has_heard)
    await _fail_over(fragile, runtime, event_id)
    forgot = await queue.read_latest_board(runtime, event_id)
    assert forgot.state is queue.BoardState.OPEN

    async def is_paused():
        await admitter.run_round()
        return (await queue.read_latest_board(runtime, event_id)).state is queue.BoardState.PAUSED

    await until(is_paused, seconds_max=2)
