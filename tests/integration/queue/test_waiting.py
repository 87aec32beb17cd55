"""Who asks again and again costs the store nothing, and is told nothing that is wrong."""

from dataclasses import replace

import pytest

from tests.support.clock import ShiftedClock
from tests.support.waiting_room import (
    admit,
    change,
    join,
    join_in_turn,
    leave,
    look_anew,
    open_line,
    people,
    state_of,
    stretch_the_grace,
    until,
)
from tiketi.infra.runtime import open_runtime
from tiketi.queue import api as queue
from tiketi.queue.tokens import Receipt, Receipts, find_receipt


@pytest.fixture
async def elsewhere(settings):
    """Another process of the service."""
    runtime = open_runtime(settings, service="elsewhere")
    yield runtime
    await runtime.close()


async def scripts_run(runtime):
    """How many scripts the store has run since it started."""
    stats = await runtime.redis.client.info("commandstats")
    return sum(
        figures["calls"]
        for name, figures in stats.items()
        if name in {"cmdstat_evalsha", "cmdstat_eval"}
    )


async def status(runtime, event_id, actor, receipt=None):
    proof = None if receipt is None else find_receipt(runtime, receipt)
    shown = None if proof is None else Receipt(receipt, proof)
    return await queue.read_status(runtime, actor, event_id, shown=shown, now=runtime.clock.now())


@pytest.mark.parametrize("crowd_size", [10, 300])
async def test_asking_costs_one_read_a_moment_however_many_wait(runtime, crowd_size):
    event_id = await open_line(runtime, capacity=0)
    crowd = people(crowd_size)
    await join_in_turn(runtime, event_id, crowd)
    for actor in crowd:
        await status(runtime, event_id, actor)
    before, started = await scripts_run(runtime), runtime.clock.monotonic()
    for _ in range(5):
        standings = [await status(runtime, event_id, actor) for actor in crowd]
        assert [each.place.position for each in standings] == list(range(1, crowd_size + 1))
    moments = 1 + (runtime.clock.monotonic() - started) / 0.5
    # The line, and whether the event was changed; one process of all keeps what it read of that.
    assert await scripts_run(runtime) - before <= 3 * moments


async def test_a_receipt_is_enough_in_a_process_that_never_saw_its_owner(runtime, elsewhere):
    event_id = await open_line(runtime, capacity=0)
    crowd = people(40)
    receipts = [each.receipt for each in await join_in_turn(runtime, event_id, crowd)]
    await elsewhere.one(queue.Lines).get(event_id)
    before = await scripts_run(runtime)
    for position, (actor, receipt) in enumerate(zip(crowd, receipts, strict=True), start=1):
        standing = await status(elsewhere, event_id, actor, receipt)
        assert (standing.place.position, standing.receipt) == (position, receipt)
    assert await scripts_run(runtime) - before <= 1


async def test_a_receipt_of_another_run_of_the_store_is_looked_up(runtime, elsewhere):
    """That run may have forgotten the place: only the store can tell."""
    event_id = await open_line(runtime, capacity=0)
    [actor] = people(1)
    joined = await join(runtime, event_id, actor)
    proof = find_receipt(runtime, joined.receipt)
    other = elsewhere.one(Receipts).renew(
        None,
        replace(proof, run="0" * 40),
        number=1,
        sale_closes_at=runtime.clock.now(),
    )
    await leave(runtime, event_id, actor)
    with pytest.raises(queue.NotInQueue):
        await status(elsewhere, event_id, actor, other.text)


async def test_whose_turn_comes_is_admitted_wherever_they_ask(runtime, elsewhere):
    event_id = await open_line(runtime, capacity=0)
    first, second = people(2)
    receipt = (await join(runtime, event_id, first)).receipt
    await join(runtime, event_id, second)
    assert state_of(await status(elsewhere, event_id, first, receipt)) == "waiting"
    await change(runtime, event_id, capacity=1)
    await admit(runtime)
    assert state_of(await status(runtime, event_id, first)) == "admitted"

    async def is_told() -> bool:
        return state_of(await status(elsewhere, event_id, first, receipt)) == "admitted"

    await until(is_told, seconds_max=2)
    assert state_of(await status(runtime, event_id, second)) == "waiting"


async def test_who_left_is_gone_at_once_here_and_soon_elsewhere(runtime, elsewhere):
    event_id = await open_line(runtime, capacity=0)
    first, second = people(2)
    receipt = (await join(runtime, event_id, first)).receipt
    await join(runtime, event_id, second)
    await status(elsewhere, event_id, first, receipt)
    await leave(runtime, event_id, first)
    with pytest.raises(queue.NotInQueue):
        await status(runtime, event_id, first, receipt)
    assert (await status(runtime, event_id, second)).place.position == 1
    look_anew(elsewhere)
    with pytest.raises(queue.NotInQueue):
        await status(elsewhere, event_id, first, receipt)


async def test_a_position_never_grows_where_the_line_is_older_than_the_place(runtime, elsewhere):
    event_id = await open_line(runtime, capacity=0)
    await stretch_the_grace(runtime, event_id)
    crowd = people(20)
    await join_in_turn(runtime, event_id, crowd)
    await elsewhere.one(queue.Lines).get(event_id)
    for actor in crowd[:10]:
        await leave(runtime, event_id, actor)
    told = await join(elsewhere, event_id, crowd[15])
    assert told.place.position == 6
    assert (await status(elsewhere, event_id, crowd[15])).place.position == 6
    assert (await status(elsewhere, event_id, crowd[15], told.receipt)).place.position == 6


async def test_a_receipt_is_signed_anew_when_the_line_moved_and_not_with_every_call(runtime):
    runtime.clock = ShiftedClock()
    event_id = await open_line(runtime, capacity=0)
    crowd = people(10)
    joined = [each.receipt for each in await join_in_turn(runtime, event_id, crowd)]
    runtime.clock.advance(seconds=5)
    assert (await status(runtime, event_id, crowd[9])).receipt == joined[9]
    await leave(runtime, event_id, crowd[0])
    moved = await status(runtime, event_id, crowd[9])
    assert find_receipt(runtime, moved.receipt).gone == 1
    runtime.clock.advance(seconds=5)
    assert (await status(runtime, event_id, crowd[9])).receipt == moved.receipt


async def test_under_a_rush_an_older_receipt_serves_to_half_of_what_it_proves(runtime):
    event_id = await open_line(runtime, capacity=0)
    [actor] = people(1)
    first = find_receipt(runtime, (await join(runtime, event_id, actor)).receipt)
    receipts, closes_at = runtime.one(Receipts), runtime.clock.now()
    shown = receipts.renew(None, replace(first, number=100), number=100, sale_closes_at=closes_at)
    signed = 0
    for _ in range(20_000):
        moved = receipts.renew(
            shown, replace(shown.proof, gone=10), number=100, sale_closes_at=closes_at
        )
        if moved is shown:
            break
        signed += 1
    assert moved is shown
    assert signed > 100
    halved = receipts.renew(
        shown, replace(shown.proof, gone=50), number=100, sale_closes_at=closes_at
    )
    assert halved.proof.gone == 50
