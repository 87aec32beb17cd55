"""How many came to a line, as PostgreSQL remembers it when the store has forgotten."""

from datetime import timedelta

from sqlalchemy import text

from tests.support.waiting_room import (
    change,
    join,
    join_in_turn,
    lose_the_store,
    open_line,
    open_now,
    people,
    reset,
)
from tiketi.infra.postgres import Database
from tiketi.queue import api as queue
from tiketi.queue.keys import room_keys


async def record(runtime) -> None:
    """A round of a process that has just started."""
    await queue.AudienceRecorder(runtime).run_round()


async def joined(runtime, *event_ids):
    async with runtime.database.latest() as reader:
        return await queue.count_joined(reader, event_ids)


async def test_who_came_is_counted_once_however_often_it_is_recorded(runtime, runtimes):
    event_id = await open_line(runtime, capacity=0)
    crowd = people(30)
    standings = await join_in_turn(runtime, event_id, crowd)
    await join(runtime, event_id, crowd[0], standings[0].receipt)
    for process in runtimes:
        await record(process)
    assert await joined(runtime, event_id) == {event_id: 30}


async def test_a_process_records_only_what_has_grown(runtime):
    event_id = await open_line(runtime, capacity=0)
    recorder = queue.AudienceRecorder(runtime)
    await join_in_turn(runtime, event_id, people(2))
    await recorder.run_round()
    async with runtime.database.transaction() as tx:
        await tx.execute(text("UPDATE queue.audience SET recorded_at = '2020-01-01'"))
    await recorder.run_round()
    async with runtime.database.latest() as reader:
        rows = await reader.execute(
            text("SELECT extract(year FROM recorded_at)::int FROM queue.audience")
        )
        assert rows.scalars().all() == [2020]
    await join_in_turn(runtime, event_id, people(1))
    await recorder.run_round()
    assert await joined(runtime, event_id) == {event_id: 3}


async def test_the_count_outlives_the_store_and_goes_on_in_its_next_life(runtime):
    event_id = await open_line(runtime, capacity=0)
    crowd = people(20)
    standings = await join_in_turn(runtime, event_id, crowd)
    await record(runtime)
    await lose_the_store(runtime)
    assert await joined(runtime, event_id) == {event_id: 20}
    # Numbers go on above the block reserved before; the gap was given to nobody.
    for actor, standing in zip(crowd, standings, strict=True):
        await join(runtime, event_id, actor, standing.receipt)
    await join_in_turn(runtime, event_id, people(5))
    await record(runtime)
    assert await joined(runtime, event_id) == {event_id: 25}


async def test_after_a_reset_the_larger_line_counts(runtime):
    event_id = await open_line(runtime, capacity=0)
    await join_in_turn(runtime, event_id, people(12))
    await record(runtime)
    await reset(runtime, event_id)
    await join_in_turn(runtime, event_id, people(4))
    await record(runtime)
    assert await joined(runtime, event_id) == {event_id: 12}


async def test_whoever_is_drawn_or_admitted_has_come_as_well(runtime):
    event_id = await open_line(runtime, opens_in=timedelta(hours=1), mode=queue.Mode.DRAW)
    await join_in_turn(runtime, event_id, people(7))
    await open_now(runtime, event_id)
    await join_in_turn(runtime, event_id, people(3))
    await record(runtime)
    assert await joined(runtime, event_id) == {event_id: 10}


async def test_a_count_never_falls_when_a_fail_over_took_joins_back(runtime):
    event_id = await open_line(runtime, capacity=0)
    await join_in_turn(runtime, event_id, people(9))
    await record(runtime)
    await runtime.redis.command("HSET", room_keys(event_id)[0], "next", 4)
    await record(runtime)
    assert await joined(runtime, event_id) == {event_id: 9}


async def test_lines_without_people_and_sales_long_over_are_not_recorded(runtime):
    empty = await open_line(runtime)
    over = await open_line(runtime, capacity=0)
    await join_in_turn(runtime, over, people(2))
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text("""UPDATE events.event SET sale_opens_at = sale_opens_at - interval '2 days',
                sale_closes_at = now() - interval '2 hours' WHERE id = :id"""),
            {"id": over},
        )
    await record(runtime)
    assert await joined(runtime, empty, over) == {}


async def test_a_store_that_forgot_changes_no_count(runtime):
    event_id = await open_line(runtime, capacity=0)
    await join_in_turn(runtime, event_id, people(2))
    await change(runtime, event_id, paused=True)
    recorder = queue.AudienceRecorder(runtime)
    await recorder.run_round()
    await lose_the_store(runtime)
    await recorder.run_round()
    assert await joined(runtime, event_id) == {event_id: 2}


async def test_the_queue_service_may_record(runtime, settings):
    event_id = await open_line(runtime, capacity=0)
    await join_in_turn(runtime, event_id, people(2))
    runtime.database, owner = (
        Database(settings.model_copy(update={"database_role": "queue_user"})),
        runtime.database,
    )
    await record(runtime)
    await runtime.database.close()
    runtime.database = owner
    assert await joined(runtime, event_id) == {event_id: 2}
