"""Who gets a place when many ask at once: races that really commit."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.stores import ON_EACH_STORE_LONG
from tiketi.kernel.ids import new_id
from tiketi.seats import claims
from tiketi.seats.domain import Holding, SeatMap, SeatRow, SeatSection
from tiketi.seats.errors import SeatTaken, SoldOut

pytestmark = ON_EACH_STORE_LONG


TIER = new_id()


def hall(seats: int) -> SeatMap:
    row = SeatRow("1", 0, range(1, seats + 1))
    section = SeatSection("A", "A", TIER, 0, seats, (row,))
    return SeatMap(new_id(), 1, (section,))


@pytest.fixture
async def seat_map(runtime):
    seat_map = hall(60)
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text("""
                INSERT INTO seats.seat (event_id, seat_index, tier_id)
                SELECT :event_id, n, :tier_id FROM generate_series(0, :last) AS n"""),
            {"event_id": seat_map.event_id, "tier_id": TIER, "last": len(seat_map) - 1},
        )
    return seat_map


async def open_buckets(runtime, tier_id: UUID, capacities: list[int]) -> None:
    async with runtime.database.transaction() as tx:
        for bucket, capacity in enumerate(capacities):
            await tx.execute(
                text("""
                    INSERT INTO seats.general_bucket
                        (tier_id, bucket, event_id, capacity, remaining)
                    VALUES (:tier_id, :bucket, :tier_id, :capacity, :capacity)"""),
                {"tier_id": tier_id, "bucket": bucket, "capacity": capacity},
            )


async def claim(runtime, seat_map, indexes=(), general=None) -> UUID:
    reservation_id = new_id()
    async with runtime.database.transaction() as tx:
        await claims.claim_places(
            tx,
            seat_map=seat_map,
            event_id=seat_map.event_id,
            reservation_id=reservation_id,
            indexes=indexes,
            general=general or {},
        )
    return reservation_id


async def owners(runtime) -> dict[int, UUID]:
    async with runtime.database.latest() as reader:
        rows = await reader.execute(
            text(
                "SELECT seat_index, reservation_id FROM seats.seat WHERE reservation_id IS NOT NULL"
            )
        )
        return {row.seat_index: row.reservation_id for row in rows}


async def test_the_second_buyer_of_a_seat_is_refused_and_told_which(runtime, seat_map):
    first = await claim(runtime, seat_map, [3, 4])
    with pytest.raises(SeatTaken) as refused:
        await claim(runtime, seat_map, [4, 5])
    assert refused.value.fields["seat_ids"] == ["A-1-5"]
    assert await owners(runtime) == {3: first, 4: first}


async def test_those_who_look_at_once_each_hear_what_is_free_for_them(runtime, seat_map):
    other, fans = hall(5), new_id()
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text("""
                INSERT INTO seats.seat (event_id, seat_index, tier_id, state, allotment_id)
                VALUES (:event_id, 3, :tier_id, 'a', NULL),
                    (:event_id, 4, :tier_id, 'b', :fans)"""),
            {"event_id": other.event_id, "tier_id": TIER, "fans": fans},
        )
    await claim(runtime, seat_map, [3])
    found = await asyncio.gather(
        claims.list_available_seats(runtime, seat_map.event_id, [3, 4]),
        claims.list_available_seats(runtime, other.event_id, [3, 4]),
        claims.list_available_seats(runtime, other.event_id, [3, 4], [new_id()]),
        claims.list_available_seats(runtime, other.event_id, [3, 4], [new_id(), fans]),
        claims.list_available_seats(runtime, other.event_id, [0]),
    )
    assert found == [{4}, {3}, {3}, {3, 4}, set()]


async def test_500_buyers_of_overlapping_seats_in_adverse_order_never_share_one(runtime, seat_map):
    chosen = random.Random(7)
    won: dict[UUID, list[int]] = {}

    async def buy(number: int) -> None:
        start = chosen.randrange(len(seat_map) - 4)
        indexes = list(range(start, start + chosen.randint(1, 4)))
        if number % 2:
            indexes.reverse()
        with suppress(SeatTaken):
            won[await claim(runtime, seat_map, indexes)] = indexes

    await asyncio.gather(*(buy(number) for number in range(500)))
    held = await owners(runtime)
    # Each winner has all of theirs, and nobody else has any.
    assert {index: owner for owner, indexes in won.items() for index in indexes} == held
    assert sum(len(indexes) for indexes in won.values()) == len(held)
    assert len(held) > len(seat_map) / 2


async def test_general_places_are_never_oversold_however_many_buckets(runtime, seat_map):
    tier_id = new_id()
    await open_buckets(runtime, tier_id, [13, 13, 13, 11])
    outcomes: Counter[str] = Counter()

    async def buy(quantity: int) -> None:
        try:
            await claim(runtime, seat_map, general={tier_id: quantity})
            outcomes["places"] += quantity
        except SoldOut:
            outcomes["refused"] += 1

    await asyncio.gather(*(buy(1 + number % 4) for number in range(60)))
    # What is left is less than the smallest refused order, and nothing is lost between buckets.
    async with runtime.database.latest() as reader:
        left, held = (
            await reader.execute(text("SELECT sum(remaining), sum(held) FROM seats.general_bucket"))
        ).one()
    assert held == outcomes["places"] <= 50
    assert left == 50 - held
    assert outcomes["refused"] > 0


async def test_buyers_of_the_last_general_places_never_wait_for_each_other_in_a_circle(
    runtime, seat_map
):
    """Many try a bucket whose places go while they look, then gather from all in order."""

    async def buy(tier_id: UUID) -> None:
        with suppress(SoldOut):
            await claim(runtime, seat_map, general={tier_id: 1})

    for _ in range(25):
        tier_id = new_id()
        await open_buckets(runtime, tier_id, [1] * 12)
        await asyncio.gather(*(buy(tier_id) for _ in range(24)))
        async with runtime.database.latest() as reader:
            held = await reader.execute(
                text("SELECT sum(held) FROM seats.general_bucket WHERE tier_id = :tier_id"),
                {"tier_id": tier_id},
            )
        assert held.scalar_one() == 12


async def test_the_last_places_are_gathered_from_several_buckets(runtime, seat_map):
    tier_id = new_id()
    await open_buckets(runtime, tier_id, [1, 1, 1])
    await claim(runtime, seat_map, general={tier_id: 3})
    with pytest.raises(SoldOut):
        await claim(runtime, seat_map, general={tier_id: 1})


async def test_an_order_of_a_seat_and_general_places_is_all_or_nothing(runtime, seat_map):
    tier_id = new_id()
    await open_buckets(runtime, tier_id, [1])
    with pytest.raises(SoldOut):
        await claim(runtime, seat_map, [0], {tier_id: 2})
    assert await owners(runtime) == {}


async def test_released_places_are_available_again_once(runtime, seat_map):
    tier_id = new_id()
    await open_buckets(runtime, tier_id, [5, 5])
    reservation_id = await claim(runtime, seat_map, [1, 2], {tier_id: 7})
    for _ in range(2):
        async with runtime.database.transaction() as tx:
            await claims.release_places(tx, [Holding(reservation_id, seat_map.event_id, [1, 2])])
    assert await owners(runtime) == {}
    await claim(runtime, seat_map, [1, 2], {tier_id: 10})


async def test_sold_places_are_counted_as_sold(runtime, seat_map):
    tier_id = new_id()
    await open_buckets(runtime, tier_id, [5])
    reservation_id = await claim(runtime, seat_map, [1], {tier_id: 2})
    async with runtime.database.transaction() as tx:
        await claims.sell_places(tx, [Holding(reservation_id, seat_map.event_id, [1])])
    async with runtime.database.latest() as reader:
        states = await reader.execute(text("SELECT state::text FROM seats.seat WHERE seat_index=1"))
        assert states.scalar_one() == "s"
        bucket = await reader.execute(
            text("SELECT remaining, held, sold FROM seats.general_bucket")
        )
        assert tuple(bucket.one()) == (3, 0, 2)
