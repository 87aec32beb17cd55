"""Each service may do its part of the waiting room's work with its own role, and no more."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tests.support.waiting_room import admit, ask, join, open_line, people
from tiketi.events import api as events
from tiketi.infra.runtime import open_runtime
from tiketi.queue import api as queue


@pytest.fixture
async def as_role(settings, runtime):
    opened = []

    def open_as(role, **changes):
        changed = settings.model_copy(update={"database_role": role, **changes})
        opened.append(open_runtime(changed, service="test"))
        return opened[-1]

    yield open_as
    for other in opened:
        await other.close()


async def test_the_queue_s_role_runs_the_line(runtime, as_role):
    event_id = await open_line(runtime, capacity=1)
    waiting_room = as_role("queue_user")
    for actor in people(2):
        await join(waiting_room, event_id, actor)
    await admit(waiting_room)
    assert (await ask(waiting_room, event_id, actor)).place.position == 1
    with pytest.raises(ProgrammingError):
        async with waiting_room.database.transaction() as tx:
            await tx.execute(text("UPDATE events.event SET queue_enabled = false"))


async def test_the_reservation_s_role_checks_passes_without_the_store(runtime, as_role):
    event_id = await open_line(runtime)
    [actor] = people(1)
    token = (await join(runtime, event_id, actor)).pass_token
    async with runtime.database.latest() as reader:
        event = await events.get_event(reader, event_id)
    sale = as_role("reservation_user", redis_url="redis://127.0.0.1:1")
    await queue.require_pass(sale, actor, event, token)
