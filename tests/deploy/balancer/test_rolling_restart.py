"""Every task is replaced while people read, ask, buy and follow: none of them meets an error."""

import asyncio

import pytest
from sqlalchemy import text

from tests.deploy.balancer.conftest import GRACE_SECONDS, NOTICE_SECONDS, TWO_TASKS
from tests.deploy.balancer.crowd import Crowd
from tests.support.fleet import READY_SECONDS
from tiketi.infra.embedded.process import wait_until
from tiketi.infra.runtime import open_runtime

EXIT_SECONDS_MAX = NOTICE_SECONDS + 2 * GRACE_SECONDS + 6
FOLLOWERS = 24
_MADE = text("SELECT count(*) FROM reservations.reservation WHERE event_id = :event_id")


@pytest.fixture
async def beside(base_settings):
    runtime = open_runtime(base_settings, service="beside")
    yield runtime
    await runtime.close()


async def made(runtime, event_id) -> int:
    async with runtime.database.latest() as reader:
        return (await reader.execute(_MADE, {"event_id": event_id})).scalar_one()


async def restart(front, name, number) -> None:
    """SIGTERM, its whole drain, a new process at the same place, and until it gets requests."""
    task = front.fleet.tasks[name][number]
    task.terminate()
    assert await asyncio.to_thread(task.process.wait, EXIT_SECONDS_MAX) == 0
    task.start()

    def is_up():
        return front.haproxy.servers(name)[f"{name}{number + 1}"] == "UP"

    assert await asyncio.to_thread(wait_until, is_up, timeout_seconds=READY_SECONDS), task.said


def everybody_was_answered(crowd, tell):
    tell("requests", crowd.answers.total())
    tell("sockets_moved", crowd.closes[1012])
    assert crowd.lost == []
    assert crowd.refused == []
    strange = {key: n for key, n in crowd.answers.items() if key[1] not in (200, 201, 204)}
    assert strange == {}


async def test_services_are_replaced_at_once_and_nobody_notices(
    front, beside, record_testsuite_property
):
    front.wait_up(*TWO_TASKS)
    before = await made(beside, front.event.id)
    crowd = Crowd(front, beside)
    async with crowd.at_work(readers=3, askers=3, buyers=3, followers=FOLLOWERS):
        await asyncio.sleep(0.5)
        for number in (0, 1):
            await asyncio.gather(*(restart(front, name, number) for name in TWO_TASKS))
    everybody_was_answered(crowd, record_testsuite_property)
    # Each follower was at a queue task when it left, and all of them went on elsewhere.
    assert set(crowd.closes) == {1012}
    assert crowd.closes[1012] >= FOLLOWERS
    assert crowd.grown == []
    assert await made(beside, front.event.id) - before == crowd.answers["reserve", 201]
    assert min(crowd.answers[what, 200] for what in ("list", "status", "cancel")) > 20


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_services_are_replaced_one_task_at_a_time_and_nobody_notices(
    front, beside, record_testsuite_property
):
    front.wait_up(*TWO_TASKS)
    before = await made(beside, front.event.id)
    crowd = Crowd(front, beside)
    async with crowd.at_work(readers=8, askers=8, buyers=8, followers=200):
        for _ in range(3):
            for name in TWO_TASKS:
                for number in (0, 1):
                    await restart(front, name, number)
    everybody_was_answered(crowd, record_testsuite_property)
    assert set(crowd.closes) == {1012}
    assert crowd.grown == []
    assert await made(beside, front.event.id) - before == crowd.answers["reserve", 201]
