"""The same line on six shards, which refuse every key outside of a script's slot."""

from datetime import timedelta

import pytest

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
    reset,
    state_of,
)
from tiketi.events import api as events
from tiketi.kernel.errors import Unavailable
from tiketi.queue import api as queue


@pytest.fixture
def store_kind():
    return "cluster"


async def test_the_line_works_on_a_cluster(runtime):
    event_id = await open_line(runtime, capacity=2)
    line = people(5)
    standings = await join_in_turn(runtime, event_id, line)
    assert [state_of(standing) for standing in standings] == ["admitted"] * 2 + ["waiting"] * 3
    async with runtime.database.latest() as reader:
        event = await events.get_event(reader, event_id)
    await queue.require_pass(runtime, line[0], event, standings[0].pass_token)
    await queue.spend_pass(runtime, event_id, line[0].user_id)
    await leave(runtime, event_id, line[2])
    await admit(runtime)
    assert state_of(await ask(runtime, event_id, line[3])) == "admitted"
    assert (await ask(runtime, event_id, line[4])).place.position == 1
    await change(runtime, event_id, capacity=0)
    assert await reset(runtime, event_id) == 2
    assert (await join(runtime, event_id, line[4])).place.number == 1
    assert await queue.count_over_capacity(runtime) == 0


async def test_admission_follows_the_sale_on_a_cluster(runtime):
    event_id = await open_line(runtime)
    for _ in range(20):
        with pytest.raises(Unavailable), queue.measure_holds(runtime):
            raise Unavailable
    await queue.report_pressure(runtime)
    await admit(runtime)
    assert (await queue.read_latest_board(runtime, event_id)).speed == 0.5


async def test_a_draw_works_on_a_cluster(runtime):
    event_id = await open_line(
        runtime, opens_in=timedelta(hours=1), mode=queue.Mode.DRAW, capacity=3
    )
    line = people(8)
    await join_in_turn(runtime, event_id, line)
    await leave(runtime, event_id, line[0])
    await open_now(runtime, event_id)
    await admit(runtime)
    draw = (await queue.read_latest_board(runtime, event_id)).draw
    places = [(await ask(runtime, event_id, actor)).place for actor in line[1:]]
    drawn = [queue.draw_place(draw.key, draw.entrants, number) for number in range(2, 9)]
    assert [place.number for place in places] == drawn
    inside = {place.number for place in places if place.state is queue.PlaceState.ADMITTED}
    assert inside == set(sorted(drawn)[:3])


async def test_who_came_is_recorded_from_a_cluster(runtime):
    event_id = await open_line(runtime, capacity=0)
    await join_in_turn(runtime, event_id, people(4))
    await queue.AudienceRecorder(runtime).run_round()
    async with runtime.database.latest() as reader:
        assert await queue.count_joined(reader, [event_id]) == {event_id: 4}
