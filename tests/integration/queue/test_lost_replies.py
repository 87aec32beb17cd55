"""Thousands join over real queue processes whose store answers, and is not always heard.

Real `tiketi serve queue` processes, not the library's calls: what repeats a lost call is then all
there is, from the client over HTTP and the process's own retries down to the scripts.
"""

import asyncio
import time

import pytest

from tests.support.crowd import Crowd, Person, alongside, watch_boards
from tests.support.http_door import HttpDoor
from tests.support.live import LiveService
from tests.support.lossy_proxy import LossyProxy
from tests.support.waiting_room import change, open_line, people, until
from tiketi.queue import api as queue

ONE_IN = 10  # follows their position, is let in, and leaves
LOST_SHARE = 0.08


@pytest.mark.parametrize(
    "size",
    [
        (600, 2),
        pytest.param((10_000, 4), marks=[pytest.mark.long, pytest.mark.timeout(600)]),
    ],
)
async def test_replies_lost_after_being_applied_lose_and_double_nobody(
    runtime, settings, tmp_path, note, size
):
    joiners, processes = size
    event_id = await open_line(runtime, capacity=joiners // 5)
    boards, actors = [], people(joiners)
    async with LossyProxy(settings.redis_url, lost_share=LOST_SHARE, seed=7).serve() as way:
        services = [
            LiveService(settings, tmp_path / f"queue-{number}.log", redis_url=way.url)
            for number in range(processes)
        ]
        try:
            for service in services:
                await service.wait_ready()
            began = time.monotonic()
            async with HttpDoor(runtime, [s.address for s in services], event_id) as door:
                crowd = Crowd(door)
                async with alongside(watch_boards(runtime, event_id, boards)):
                    await _go_through(runtime, event_id, crowd, actors)
            took_seconds = time.monotonic() - began
        finally:
            said = "".join(service.close() for service in services)
    assert all(board.admitted <= board.capacity for board in boards)
    assert max(board.over_capacity for board in boards) == 0
    assert crowd.broken == []
    # As many numbers as people, none skipped: nobody stood twice.
    assert sorted(crowd.owners) == list(range(1, joiners + 1))
    assert "Traceback" not in said
    assert way.lost > joiners // 100
    note(
        f"{joiners} joiners, {processes} processes, {way.lost} replies lost: {took_seconds:.1f} s,"
        f" {door.refused} calls told to come back, {len(boards)} boards looked at"
    )


async def _go_through(runtime, event_id, crowd, actors):
    """All join; one in ten follows their position, is let in and leaves; in the end all are in."""
    followers, others = actors[::ONE_IN], [Person(crowd, actor) for actor in actors]
    others = [person for number, person in enumerate(others) if number % ONE_IN]
    visits = asyncio.gather(*(crowd.visit(actor, stay_seconds=0.2) for actor in followers))
    await asyncio.gather(*(person.join() for person in others))
    for share in (2, 3, 4, 5):
        capacity = len(actors) * share // 5
        await change(runtime, event_id, capacity=capacity)

        async def is_served(capacity=capacity):
            board = await queue.read_latest_board(runtime, event_id)
            return board.waiting == 0 or board.admitted == capacity

        await until(is_served, seconds_max=60)
    await visits
    await asyncio.gather(*(person.ask() for person in others))
    assert {person.answer.state for person in others} == {"admitted"}
    board = await queue.read_latest_board(runtime, event_id)
    assert (board.waiting, board.admitted) == (0, len(others))
