"""Copies of the database's answers: read by one, current until changed, there when it is away."""

import asyncio

import pytest

from tests.support.away import redis_away
from tests.support.stores import ON_EACH_STORE
from tiketi.infra.copies import Copies, CopyKeys
from tiketi.infra.runtime import open_runtime
from tiketi.kernel.errors import NotFound, Unavailable

pytestmark = ON_EACH_STORE

KEYS = CopyKeys("event:{1}:copy", "event:{1}:changes", "one")


class Source:
    """The database: counts who asks, and from where; answers ``content`` or raises it."""

    def __init__(self) -> None:
        self.asked: list[bool] = []
        self.content: bytes | Exception = b"first"
        self.open = asyncio.Event()
        self.open.set()

    async def read(self, latest: bool) -> bytes:
        self.asked.append(latest)
        found = self.content
        await self.open.wait()
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
async def source():
    return Source()


@pytest.fixture
async def processes(runtime, settings):
    made = [open_runtime(settings) for _ in range(3)]
    yield made
    for process in made:
        await process.close()


def fetch(process, source, *, known="", fresh_seconds=60.0, keys=KEYS):
    return process.one(Copies).fetch(
        keys, source.read, known=known, fresh_seconds=fresh_seconds, kept_seconds=600.0
    )


async def test_one_process_reads_and_the_others_take_that(processes, source):
    found = await asyncio.gather(*(fetch(process, source) for process in processes * 20))
    assert {copy.content for copy in found} == {b"first"}
    assert source.asked == [False]


async def test_who_has_it_is_sent_nothing(processes, source):
    first = await fetch(processes[0], source)
    again = await fetch(processes[1], source, known=first.stamp)
    assert (again.content, again.stamp) == (None, first.stamp)


async def test_what_was_changed_is_read_anew_and_from_the_writer(processes, source):
    await fetch(processes[0], source)
    source.content = b"second"
    assert (await fetch(processes[1], source)).content == b"first"
    await processes[2].one(Copies).change(KEYS.generation)
    assert (await fetch(processes[1], source)).content == b"second"
    assert source.asked == [False, True]


async def test_what_was_read_before_a_change_is_not_kept(processes, source):
    source.open.clear()
    reading = asyncio.create_task(fetch(processes[0], source))
    async with asyncio.timeout(2):
        while not source.asked:  # noqa: ASYNC110 # polls what the other task does
            await asyncio.sleep(0.01)
    await processes[1].one(Copies).change(KEYS.generation)
    source.content = b"second"
    source.open.set()
    assert (await reading).content == b"first"
    assert (await fetch(processes[2], source)).content == b"second"


async def test_the_database_away_the_copy_of_before_is_served_with_its_age(processes, source):
    await fetch(processes[0], source)
    source.content = Unavailable()
    await processes[0].one(Copies).change(KEYS.generation)
    await asyncio.sleep(0.02)  # an age to be seen
    found = await fetch(processes[1], source)
    assert found.content == b"first"
    assert found.age_seconds > 0


async def test_a_refusal_is_passed_on_and_leaves_nobody_waiting(processes, source):
    source.content = NotFound()
    for process in processes:
        async with asyncio.timeout(0.5):
            with pytest.raises(NotFound):
                await fetch(process, source)
    assert len(source.asked) == 3


async def test_names_that_share_a_place_are_not_taken_for_each_other(processes, source):
    other = CopyKeys(KEYS.place, KEYS.generation, "other")
    await fetch(processes[0], source)
    source.content = b"other"
    assert (await fetch(processes[0], source, keys=other)).content == b"other"
    source.content = b"first again"
    assert (await fetch(processes[0], source)).content == b"first again"


async def test_without_redis_each_process_reads_for_itself(processes, source):
    async with redis_away(processes[0]):
        found = await fetch(processes[0], source)
    assert (found.content, found.shared) == (b"first", False)
