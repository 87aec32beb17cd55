"""GET /events/{event_id}/availability: one character a seat, a second old at most."""

import pytest

from tests.support.away import database_away, redis_away
from tests.support.on_sale import General, Section, open_sale
from tiketi.kernel.ids import new_id
from tiketi.seats import api as seats
from tiketi.seats.schemas import AvailabilityView


@pytest.fixture
def hold(runtime):
    async def claim(event, seat_ids=(), general=None):
        seat_map = await runtime.one(seats.SeatMaps).get(event.id)
        indexes = [seat_map.find(seat_id).index for seat_id in seat_ids]
        holding = seats.Holding(new_id(), event.id, indexes)
        async with runtime.database.transaction() as tx:
            await seats.claim_places(
                tx,
                seat_map=seat_map,
                event_id=event.id,
                reservation_id=holding.owner_id,
                indexes=indexes,
                general=general or {},
            )
        return holding

    return claim


async def settle(runtime, clock) -> None:
    """Let what processes and Redis remember be old."""
    clock.advance(seconds=1)
    for key in await runtime.redis.client.keys("event:*:availability"):
        await runtime.redis.client.hset(key, "true_at", 1)


async def test_it_shows_every_seat_and_what_remains(runtime, client, hold):
    event = await open_sale(
        runtime, sections=(Section("VIP", 2, 2), Section("B", 1, 3)), general=(General(),)
    )
    tier_id = event.tiers[-1].id
    sold = await hold(event, ["VIP-2-1"], {tier_id: 2})
    await hold(event, ["B-1-3"])
    async with runtime.database.transaction() as tx:
        await seats.sell_places(tx, [sold])
    answer = await client.get(f"/events/{event.id}/availability")
    body = answer.json()
    version = body.pop("version")
    assert isinstance(version, int)
    assert body == {
        "event_id": str(event.id),
        "sections": {"VIP": "aasa", "B": "aah"},
        "general": {str(tier_id): 98},
    }
    AvailabilityView.model_validate_json(answer.content)


async def test_it_is_kept_for_a_second_and_validated_by_its_tag(runtime, client, clock, hold):
    event = await open_sale(runtime)
    path = f"/events/{event.id}/availability"
    first = await client.get(path)
    assert first.headers["cache-control"] == "public, max-age=1, stale-if-error=600"
    await settle(runtime, clock)
    known = {"if-none-match": first.headers["etag"]}
    assert (await client.get(path, headers=known)).status_code == 304
    await hold(event, ["A-1-1"])
    await settle(runtime, clock)
    second = await client.get(path, headers=known)
    assert second.status_code == 200
    assert second.json()["version"] == first.json()["version"] + 1
    assert second.json()["sections"]["A"].startswith("haa")


async def test_a_lock_shows_as_held(runtime, client, clock):
    event = await open_sale(runtime)
    path = f"/events/{event.id}/availability"
    await client.get(path)
    seat_map = await runtime.one(seats.SeatMaps).get(event.id)
    await seats.lock_seats(runtime, seat_map, [seat_map.places[1]], new_id())
    await settle(runtime, clock)
    assert (await client.get(path)).json()["sections"]["A"].startswith("aha")


async def test_it_answers_while_the_database_is_away(runtime, client, clock):
    event = await open_sale(runtime)
    path = f"/events/{event.id}/availability"
    before = await client.get(path)
    async with database_away(client.runtime):
        clock.advance(seconds=20)
        await settle(runtime, clock)
        answer = await client.get(path)
        assert (answer.status_code, answer.content) == (200, before.content)
        assert int(answer.headers["age"]) >= 20
        assert answer.headers["warning"].startswith("110 ")


async def test_it_answers_while_redis_is_away(runtime, client, clock, hold):
    event = await open_sale(runtime)
    path = f"/events/{event.id}/availability"
    async with redis_away(client.runtime):
        first = await client.get(path)
        assert first.status_code == 200
        await hold(event, ["A-1-2"])
        clock.advance(seconds=1)
        second = await client.get(path)
        assert second.json()["sections"]["A"].startswith("aha")
        assert second.json()["version"] > first.json()["version"]


async def test_without_any_store_it_says_when_to_come_back(runtime, client):
    event = await open_sale(runtime)
    async with database_away(client.runtime), redis_away(client.runtime):
        answer = await client.get(f"/events/{event.id}/availability")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
