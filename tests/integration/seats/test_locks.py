import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.integration.seats.test_claims import claim, seat_map
from tests.support.stores import ON_EACH_STORE, keys_like
from tiketi.kernel.errors import NotFound
from tiketi.kernel.ids import new_id
from tiketi.seats import keys, locks
from tiketi.seats.domain import SeatMap, SeatRow, SeatSection
from tiketi.seats.errors import LockLost, SeatTaken

__all__ = ["seat_map"]

pytestmark = ON_EACH_STORE


async def lock(runtime, seat_map, indexes, user_id):
    places = [seat_map.places[index] for index in indexes]
    return await locks.lock_seats(runtime, seat_map, places, user_id)


async def lapse(runtime) -> None:
    """As if every lock's time were over."""
    for key in await keys_like(runtime, "lock:seat:*"):
        await runtime.redis.client.delete(key)
    for key in await keys_like(runtime, "lock:section:*"):
        await runtime.redis.client.delete(key)


async def test_a_lock_keeps_others_out_all_or_nothing(runtime, seat_map):
    anna, boris = new_id(), new_id()
    await lock(runtime, seat_map, [3, 4], anna)
    with pytest.raises(SeatTaken) as refused:
        await lock(runtime, seat_map, [4, 5], boris)
    assert refused.value.fields["seat_ids"] == ["A-1-5"]
    await lock(runtime, seat_map, [5], boris)
    assert await locks.locked_indexes(runtime, seat_map.event_id, seat_map) == {3, 4, 5}


async def test_of_many_who_lock_one_seat_one_wins(runtime, seat_map):
    async def attempt() -> int:
        try:
            await lock(runtime, seat_map, [0], new_id())
        except SeatTaken:
            return 0
        return 1

    assert sum(await asyncio.gather(*(attempt() for _ in range(50)))) == 1


async def test_ones_own_locked_seats_again_are_the_same_lock(runtime, seat_map):
    anna = new_id()
    first = await lock(runtime, seat_map, [3, 4], anna)
    again = await lock(runtime, seat_map, [4, 3], anna)
    assert again.lock_id == first.lock_id
    assert again.expires_at >= first.expires_at


async def test_a_lock_whose_first_call_died_before_its_record_is_completed(runtime, seat_map):
    anna = new_id()
    first = await lock(runtime, seat_map, [3, 4], anna)
    await runtime.redis.client.delete(keys.lock_record(first.lock_id))
    again = await lock(runtime, seat_map, [3, 4], anna)
    assert (again.lock_id, again.seat_ids) == (first.lock_id, first.seat_ids)
    assert again.expires_at >= first.expires_at
    await locks.release_lock(runtime, first.lock_id, anna)
    assert await locks.locked_indexes(runtime, seat_map.event_id, seat_map) == set()


async def test_a_fence_grows_with_every_lock(runtime, seat_map):
    fences = [(await lock(runtime, seat_map, [n], new_id())).fence for n in range(5)]
    assert fences == sorted(set(fences))


async def test_a_refused_attempt_takes_and_prolongs_nothing(runtime, seat_map):
    anna, boris = new_id(), new_id()
    await lock(runtime, seat_map, [3], anna)
    keys = await keys_like(runtime, "lock:seat:*")
    before = await runtime.redis.command("PEXPIRETIME", keys[0])
    with pytest.raises(SeatTaken):
        await lock(runtime, seat_map, [2, 3], boris)
    assert await keys_like(runtime, "lock:seat:*") == keys
    assert await runtime.redis.command("PEXPIRETIME", keys[0]) == before


async def test_renewal_ends_at_the_maximum_life(runtime, seat_map):
    anna = new_id()
    started = runtime.clock.now()
    held = await lock(runtime, seat_map, [3], anna)
    [key] = await keys_like(runtime, "lock:seat:*")
    user, lock_id, deadline = (await runtime.redis.client.get(key)).decode().split(":")
    assert int(deadline) / 1000 - started.timestamp() == pytest.approx(120, abs=5)
    # Two seconds before the end of its life, a renewal gives two seconds, not ten.
    sooner = int(deadline) - 118_000
    await runtime.redis.client.set(key, f"{user}:{lock_id}:{sooner}", keepttl=True)
    renewed = await locks.renew_lock(runtime, seat_map, held.lock_id, anna)
    assert renewed.expires_at < started + timedelta(seconds=9)


async def test_a_lapsed_lock_is_lost_and_anothers_is_unknown(runtime, seat_map):
    anna, boris = new_id(), new_id()
    held = await lock(runtime, seat_map, [3], anna)
    with pytest.raises(NotFound):
        await locks.renew_lock(runtime, seat_map, held.lock_id, boris)
    with pytest.raises(NotFound):
        await locks.release_lock(runtime, held.lock_id, boris)
    await lapse(runtime)
    with pytest.raises(LockLost):
        await locks.renew_lock(runtime, seat_map, held.lock_id, anna)
    await locks.release_lock(runtime, held.lock_id, anna)


async def test_releasing_a_lapsed_lock_leaves_the_new_owner_alone(runtime, seat_map):
    anna, boris = new_id(), new_id()
    held = await lock(runtime, seat_map, [3], anna)
    await lapse(runtime)
    await lock(runtime, seat_map, [3], boris)
    await locks.release_lock(runtime, held.lock_id, anna)
    with pytest.raises(SeatTaken):
        await lock(runtime, seat_map, [3], anna)


async def test_a_held_seat_cannot_be_locked(runtime, seat_map):
    await claim(runtime, seat_map, [3])
    with pytest.raises(SeatTaken):
        await lock(runtime, seat_map, [2, 3], new_id())
    assert await locks.locked_indexes(runtime, seat_map.event_id, seat_map) == set()


async def test_seats_of_several_sections_are_locked_all_or_nothing(runtime):
    tier = new_id()
    sections = tuple(
        SeatSection(name, name, tier, first, 5, (SeatRow("1", first, range(1, 6)),))
        for first, name in ((0, "A"), (5, "B"))
    )
    both = SeatMap(new_id(), 1, sections)
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text("""
                INSERT INTO seats.seat (event_id, seat_index, tier_id)
                SELECT :event_id, n, :tier_id FROM generate_series(0, 9) AS n"""),
            {"event_id": both.event_id, "tier_id": tier},
        )
    anna, boris = new_id(), new_id()
    await lock(runtime, both, [7], anna)
    with pytest.raises(SeatTaken) as refused:
        await lock(runtime, both, [0, 7], boris)
    assert refused.value.fields["seat_ids"] == ["B-1-3"]
    assert await locks.locked_indexes(runtime, both.event_id, both) == {7}
    mine = await lock(runtime, both, [0, 6], boris)
    assert mine.seat_ids == ("A-1-1", "B-1-2")
    await locks.release_lock(runtime, mine.lock_id, boris)
    assert await locks.locked_indexes(runtime, both.event_id, both) == {7}
