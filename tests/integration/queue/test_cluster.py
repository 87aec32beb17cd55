"""The same line on a Redis Cluster, which refuses every key outside of a script's slot."""

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
    until,
)
from tiketi.events import api as events
from tiketi.infra.embedded import EmbeddedValkey, throwaway_directory
from tiketi.infra.redis import RedisStore
from tiketi.infra.runtime import open_runtime
from tiketi.kernel.errors import Unavailable
from tiketi.queue import api as queue


@pytest.fixture
async def clustered(settings, runtime):
    """One node with every slot: what is across slots is refused as by many."""
    directory = throwaway_directory("tiketi-cluster-")
    with EmbeddedValkey(directory / "valkey", settings={"cluster-enabled": "yes"}) as valkey:
        alone = RedisStore(settings.model_copy(update={"redis_url": valkey.url()}))
        await alone.command("CLUSTER", "ADDSLOTSRANGE", 0, 16_383)

        async def is_up() -> bool:
            return b"cluster_state:ok" in await alone.command("CLUSTER", "INFO")

        await until(is_up)
        await alone.close()
        url = valkey.url().replace("redis://", "redis+cluster://").removesuffix("/0")
        other = open_runtime(settings.model_copy(update={"redis_url": url}), service="test")
        yield other
        await other.close()


async def test_the_line_works_on_a_cluster(clustered):
    event_id = await open_line(clustered, capacity=2)
    line = people(5)
    standings = await join_in_turn(clustered, event_id, line)
    assert [state_of(standing) for standing in standings] == ["admitted"] * 2 + ["waiting"] * 3
    async with clustered.database.latest() as reader:
        event = await events.get_event(reader, event_id)
    await queue.require_pass(clustered, line[0], event, standings[0].pass_token)
    await queue.spend_pass(clustered, event_id, line[0].user_id)
    await leave(clustered, event_id, line[2])
    await admit(clustered)
    assert state_of(await ask(clustered, event_id, line[3])) == "admitted"
    assert (await ask(clustered, event_id, line[4])).place.position == 1
    await change(clustered, event_id, capacity=0)
    assert await reset(clustered, event_id) == 2
    assert (await join(clustered, event_id, line[4])).place.number == 1
    assert await queue.count_over_capacity(clustered) == 0


async def test_admission_follows_the_sale_on_a_cluster(clustered):
    event_id = await open_line(clustered)
    for _ in range(20):
        with pytest.raises(Unavailable), queue.measure_holds(clustered):
            raise Unavailable
    await queue.report_pressure(clustered)
    await admit(clustered)
    assert (await queue.read_latest_board(clustered, event_id)).speed == 0.5


async def test_a_draw_works_on_a_cluster(clustered):
    event_id = await open_line(
        clustered, opens_in=timedelta(hours=1), mode=queue.Mode.DRAW, capacity=3
    )
    line = people(8)
    await join_in_turn(clustered, event_id, line)
    await leave(clustered, event_id, line[0])
    await open_now(clustered, event_id)
    await admit(clustered)
    draw = (await queue.read_latest_board(clustered, event_id)).draw
    places = [(await ask(clustered, event_id, actor)).place for actor in line[1:]]
    drawn = [queue.draw_place(draw.key, draw.entrants, number) for number in range(2, 9)]
    assert [place.number for place in places] == drawn
    inside = {place.number for place in places if place.state is queue.PlaceState.ADMITTED}
    assert inside == set(sorted(drawn)[:3])


async def test_who_came_is_recorded_from_a_cluster(clustered):
    event_id = await open_line(clustered, capacity=0)
    await join_in_turn(clustered, event_id, people(4))
    await queue.AudienceRecorder(clustered).run_round()
    async with clustered.database.latest() as reader:
        assert await queue.count_joined(reader, [event_id]) == {event_id: 4}
