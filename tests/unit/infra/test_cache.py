"""The aging cache, with a clock of its own and loads that the test lets land."""

import asyncio

import pytest

from tests.support.clock import ShiftedClock
from tiketi.infra.cache import AgingCache
from tiketi.infra.runtime import open_runtime
from tiketi.kernel.errors import NotFound, Unavailable
from tiketi.settings import Settings


class Source:
    """Counts its loads; waits while ``held``; answers ``answer`` or raises it."""

    def __init__(self) -> None:
        self.loads = 0
        self.answer: object = "one"
        self.age_seconds = 0.0
        self.open = asyncio.Event()
        self.open.set()

    async def load(self, _key: str):
        self.loads += 1
        await self.open.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer, self.age_seconds


@pytest.fixture
async def source():
    return Source()


@pytest.fixture
async def clock():
    return ShiftedClock()


@pytest.fixture
async def cache(source, clock):
    settings = Settings(
        _env_file=None, database_url="postgresql://nowhere", redis_url="redis://nowhere"
    )
    runtime = open_runtime(settings)
    runtime.clock = clock
    return AgingCache(
        runtime,
        source.load,
        fresh_seconds=10,
        stale_seconds=100,
        weight_max=10,
        weigh=lambda value: len(str(value)),
    )


async def test_a_fresh_value_is_not_loaded_again(cache, source, clock):
    assert (await cache.get("k")).value == "one"
    source.answer = "two"
    clock.advance(seconds=9)
    assert (await cache.get("k")).value == "one"
    clock.advance(seconds=2)
    assert (await cache.get("k")).value == "two"
    assert source.loads == 2


async def test_many_who_ask_at_once_share_one_load(cache, source):
    source.open.clear()
    asked = [asyncio.create_task(cache.get("k")) for _ in range(50)]
    await asyncio.sleep(0)
    asked[0].cancel()
    await asyncio.sleep(0)
    source.open.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [each.value for each in found[1:]] == ["one"] * 49
    assert source.loads == 1


async def test_an_old_value_is_served_while_the_store_is_away(cache, source, clock):
    await cache.get("k")
    source.answer = Unavailable()
    clock.advance(seconds=50)
    found = await cache.get("k")
    assert (found.value, found.stale, int(found.age_seconds)) == ("one", True, 50)
    loads = source.loads
    await cache.get("k")
    assert source.loads == loads, "a failed load is not tried again at once"
    clock.advance(seconds=51)
    with pytest.raises(Unavailable):
        await cache.get("k")


async def test_nobody_waits_long_for_a_slow_store_with_an_old_value_in_hand(cache, source, clock):
    await cache.get("k")
    clock.advance(seconds=20)
    source.open.clear()
    async with asyncio.timeout(2):
        assert (await cache.get("k")).stale
    source.answer = "two"
    source.open.set()
    async with asyncio.timeout(2):
        while (await cache.get("k")).value != "two":  # noqa: ASYNC110 # polls the cache itself
            await asyncio.sleep(0.01)
    assert source.loads == 2


async def test_a_refusal_is_passed_on_and_forgets_the_value(cache, source, clock):
    await cache.get("k")
    source.answer = NotFound()
    clock.advance(seconds=11)
    with pytest.raises(NotFound):
        await cache.get("k")
    assert cache.peek("k") is None


async def test_the_value_may_be_old_already_when_it_comes(cache, source, clock):
    source.age_seconds = 8
    assert int((await cache.get("k")).age_seconds) == 8
    clock.advance(seconds=3)
    await cache.get("k")
    assert source.loads == 2


async def test_the_least_recently_used_go_first(cache, source):
    for key in ("a", "b", "c"):
        await cache.get(key)
    await cache.get("a")
    await cache.get("d")
    assert [cache.peek(key) for key in "abcd"] == ["one", None, "one", "one"]
    source.answer = "heavier than all"
    await cache.get("e")
    assert cache.peek("e") is None
    assert cache.peek("a") == "one"


async def test_forgetting_also_drops_what_is_being_loaded(cache, source):
    source.open.clear()
    waiting = asyncio.create_task(cache.get("k"))
    await asyncio.sleep(0)
    cache.forget("k")
    source.open.set()
    assert (await waiting).value == "one"
    assert cache.peek("k") is None


async def test_what_expired_is_loaded_anew_and_still_seen_until_then(cache, source):
    await cache.get("k")
    source.answer = "two"
    cache.expire("k")
    assert cache.peek("k") == "one"
    assert await cache.value("k") == "two"


async def test_what_expired_is_not_served_while_the_store_is_away(cache, source):
    await cache.get("k")
    source.answer = Unavailable("away")
    cache.expire("k")
    with pytest.raises(Unavailable):
        await cache.value("k")


async def test_an_amended_value_is_as_old_as_it_was(cache, source, clock):
    await cache.get("k")
    clock.advance(seconds=4)
    cache.amend("k", "corrected")
    assert (await cache.get("k")).value == "corrected"
    assert int((await cache.get("k")).age_seconds) == 4
    cache.amend("unknown", "nothing")
    assert cache.peek("unknown") is None
