"""Availability: true within a second, numbered alike in every process, there without a store."""

import asyncio
import random

import pytest
from sqlalchemy import text

from tests.support.away import database_away, redis_away
from tests.support.clock import ShiftedClock
from tests.support.on_sale import General, Section, open_sale
from tests.support.stores import ON_EACH_STORE, keys_like
from tiketi.infra.runtime import open_runtime
from tiketi.kernel.errors import Unavailable
from tiketi.kernel.ids import new_id
from tiketi.seats import api as seats
from tiketi.seats import availability_store as store
from tiketi.seats.api import SeatMaps, read_availability
from tiketi.seats.availability import FRESH_SECONDS, Availabilities

pytestmark = ON_EACH_STORE


class Process:
    """A runtime of its own over the same stores, its caches set forward at will."""

    def __init__(self, settings) -> None:
        self.runtime = open_runtime(settings)
        self.runtime.clock = self.clock = ShiftedClock()

    async def look(self, event) -> seats.Availability:
        """What it answers once its copy has aged."""
        self.clock.advance(seconds=FRESH_SECONDS)
        return await read_availability(self.runtime, event.id)


@pytest.fixture
async def processes(runtime, settings):
    made = [Process(settings) for _ in range(3)]
    yield made
    for process in made:
        await process.runtime.close()


@pytest.fixture
async def process(processes):
    return processes[0]


@pytest.fixture
def claim(runtime):
    async def hold(event, indexes=(), general=None):
        reservation_id = new_id()
        seat_map = await runtime.one(SeatMaps).get(event.id)
        async with runtime.database.transaction() as tx:
            await seats.claim_places(
                tx,
                seat_map=seat_map,
                event_id=event.id,
                reservation_id=reservation_id,
                indexes=indexes,
                general=general or {},
            )
        return seats.Holding(reservation_id, event.id, list(indexes))

    return hold


async def age(runtime) -> None:
    """As if what is kept in Redis had been computed long ago."""
    for key in await keys_like(runtime, "event:*:availability"):
        await runtime.redis.client.hset(key, "true_at", 1)


async def test_every_state_of_a_seat_shows(runtime, process, claim):
    event = await open_sale(
        runtime, sections=(Section("A", 1, 5), Section("B", 1, 3)), general=(General(),)
    )
    general = event.tiers[-1]
    sold = await claim(event, [1], {general.id: 3})
    await claim(event, [2, 7])
    async with runtime.database.transaction() as tx:
        await seats.sell_places(tx, [sold])
        await tx.execute(text("UPDATE seats.seat SET state = 'b' WHERE seat_index = 4"))
    seat_map = await runtime.one(SeatMaps).get(event.id)
    await seats.lock_seats(runtime, seat_map, [seat_map.places[0]], new_id())
    found = await process.look(event)
    assert found.sections == {"A": "hshab", "B": "aah"}
    assert found.general == {general.id: 97}


async def test_the_version_grows_by_one_with_each_change_and_only_then(runtime, process, claim):
    event = await open_sale(runtime)
    first = await process.look(event)
    for _ in range(3):
        await age(runtime)
        assert (await process.look(event)).version == first.version
    for step in (1, 2, 3):
        await claim(event, [step])
        await age(runtime)
        assert (await process.look(event)).version == first.version + step


async def test_every_process_shows_the_same_version_for_the_same_places(runtime, processes, claim):
    """Each looks when it likes, while buyers come and go."""
    event = await open_sale(runtime, sections=(Section("A", 4, 10),))
    free, held, choice = list(range(40)), [], random.Random(7)
    shown: dict[int, bytes] = {}
    last = dict.fromkeys(range(3), 0)

    async def look(number: int) -> None:
        found = await processes[number].look(event)
        assert shown.setdefault(found.version, found.document.body) == found.document.body
        assert found.version >= last[number]
        last[number] = found.version

    for _ in range(40):
        if held and choice.random() < 0.4:
            async with runtime.database.transaction() as tx:
                index, reservation_id = held.pop()
                await seats.release_places(tx, [reservation_id])
            free.append(index)
        else:
            index = free.pop(choice.randrange(len(free)))
            held.append((index, await claim(event, [index])))
        if choice.random() < 0.7:
            await age(runtime)
        await asyncio.gather(*(look(number) for number in choice.sample(range(3), 2)))
    await age(runtime)
    final = [await process.look(event) for process in processes]
    assert len({found.document.body for found in final}) == 1
    assert sorted(shown) == list(range(min(shown), max(shown) + 1))
    assert final[0].sections["A"].count("h") == len(held)


async def test_many_processes_compute_once(runtime, processes):
    event = await open_sale(runtime)
    key = (await _keys_after(runtime, processes, event))[0]
    true_at = await runtime.redis.client.hget(key, "true_at")
    await asyncio.gather(*(process.look(event) for process in processes for _ in range(10)))
    assert await runtime.redis.client.hget(key, "true_at") == true_at


async def _keys_after(runtime, processes, event) -> list[bytes]:
    await asyncio.gather(*(process.look(event) for process in processes))
    keys = await keys_like(runtime, "event:*:availability")
    # Fresh for as long as the test runs.
    await runtime.redis.client.hset(keys[0], "true_at", await _redis_ms(runtime))
    return keys


async def _redis_ms(runtime) -> int:
    seconds, micros = await runtime.redis.command("TIME")
    return int(seconds) * 1000 + int(micros) // 1000


async def test_one_who_died_while_computing_is_replaced(runtime, process, claim):
    event = await open_sale(runtime)
    await process.look(event)
    await claim(event, [0])
    (key,) = await keys_like(runtime, "event:*:availability")
    now_ms = await _redis_ms(runtime)
    dead = {"true_at": 1, "lease": now_ms + 1500, "holder": "somebody"}
    await runtime.redis.client.hset(key, mapping=dead)
    assert (await process.look(event)).sections["A"][0] == "a", "old news while another computes"
    await runtime.redis.client.hset(key, "lease", now_ms - 1)
    assert (await process.look(event)).sections["A"][0] == "h"


async def test_a_slow_process_does_not_bring_old_news_back(runtime, process, claim):
    """It began to compute first and is the last to say what it found."""
    event = await open_sale(runtime)
    look = await store.look(runtime.redis, event.id, 0, FRESH_SECONDS)
    assert look.computes
    await claim(event, [0])
    (key,) = await keys_like(runtime, "event:*:availability")
    await runtime.redis.client.hdel(key, "lease")
    newer = await process.look(event)
    old = b'{"sections":{},"general":{}}'
    kept = await store.publish(
        runtime.redis, event.id, true_at_ms=look.now_ms - 1, digest="old", content=old, known=0
    )
    assert kept.version == newer.version
    assert b"ha" in kept.content


async def test_versions_go_on_after_redis_lost_everything(runtime, process, claim):
    event = await open_sale(runtime)
    before = await process.look(event)
    await runtime.redis.command("FLUSHALL")
    same = await process.look(event)
    assert same.version > before.version
    await claim(event, [0])
    await age(runtime)
    assert (await process.look(event)).version == same.version + 1


async def test_versions_go_on_when_a_fail_over_lost_the_last_of_them(runtime, processes, claim):
    event = await open_sale(runtime)
    ahead, behind = processes[:2]
    first = await ahead.look(event)
    (key,) = await keys_like(runtime, "event:*:availability")
    await runtime.redis.client.hset(key, "version", first.version - 5)
    found = await ahead.look(event)
    assert found.version > first.version
    assert (await behind.look(event)).version == found.version


async def test_without_redis_the_database_alone_is_shown(runtime, process, claim):
    event = await open_sale(runtime)
    before = await process.look(event)
    async with redis_away(process.runtime):
        await claim(event, [3])
        during = await process.look(event)
        assert during.sections["A"][3] == "h"
        assert during.version > before.version
        assert (await process.look(event)).version == during.version
    process.clock.advance(seconds=6)
    after = await process.look(event)
    assert after.version > during.version
    assert after.sections == during.sections


async def test_without_the_database_the_last_known_is_shown_with_its_age(runtime, process):
    event = await open_sale(runtime)
    before = await process.look(event)
    async with database_away(process.runtime):
        process.clock.advance(seconds=30)
        await age(runtime)
        found = await process.runtime.one(Availabilities).get(event.id)
        assert found.value == before
        assert found.stale
        assert found.age_seconds >= 30


async def test_with_neither_store_and_nothing_known_it_says_so(runtime, processes):
    event = await open_sale(runtime)
    fresh = processes[2]
    async with database_away(fresh.runtime), redis_away(fresh.runtime):
        with pytest.raises(Unavailable):
            await fresh.look(event)


async def test_a_lock_shows_within_a_second_everywhere(runtime, settings):
    """On the system's own clock, through a process that has just looked."""
    event = await open_sale(runtime)
    other = open_runtime(settings)
    try:
        await read_availability(runtime, event.id)
        await read_availability(other, event.id)
        seat_map = await runtime.one(SeatMaps).get(event.id)
        await seats.lock_seats(runtime, seat_map, [seat_map.places[7]], new_id())
        async with asyncio.timeout(1.0):
            for process in (runtime, other):
                await _until_held(process, event, 7)
    finally:
        await other.close()


async def _until_held(process, event, index) -> None:
    while (await read_availability(process, event.id)).sections["A"][index] != "h":  # noqa: ASYNC110 # polls
        await asyncio.sleep(0.02)
