from datetime import timedelta
from uuid import UUID

import pytest

from tests.http.admin.house import STANDING, buyer_of
from tests.support.away import redis_away
from tiketi.kernel.clock import rfc3339
from tiketi.queue import api as queue


@pytest.fixture
async def event(organizer):
    return await organizer.make_event(publish=True)


async def test_an_event_tells_its_sales_revenue_and_funnel(organizer, staff, client, event):
    kim = await buyer_of(client, event, "kim@tiketi.test")
    lee = await buyer_of(client, event, "lee@tiketi.test")
    paid = await kim.buy("VIP-1-1", "VIP-1-2")
    await organizer.refund(paid["reservation_id"], 50_000)
    await lee.reserve("A-1-1", general=[{"tier_id": event["tiers"][-1]["id"], "quantity": 3}])
    gone = await lee.buy("A-1-2")
    await organizer.refund(gone["reservation_id"])
    path = f"/reservations/{paid['reservation_id']}/tickets"
    code = (await client.get(path, token=kim.token)).json()["items"][0]["code"]
    await staff.post("/checkins", {"code": code})

    answer = await organizer.get(f"/events/{event['id']}/stats")
    assert answer.status_code == 200, answer.text
    stats = answer.json()
    assert stats["event_id"] == event["id"]
    assert stats["sales"] == {
        "pending": 1,
        "confirmed": 1,
        "expired": 0,
        "cancelled": 0,
        "refunded": 1,
    }
    assert stats["revenue"] == {"KRW": {"gross": 390_000, "refunded": 140_000, "net": 250_000}}
    assert stats["funnel"] == {
        "waiting": 0,
        "admitted": 0,
        "held": 1,
        "paid": 1,
        "tickets": 2,
        "used": 1,
    }
    tiers = {
        tier["name"]: (tier["capacity"], tier["available"], tier["held"], tier["sold"])
        for tier in stats["tiers"]
    }
    assert tiers == {"VIP": (10, 8, 0, 2), "A": (20, 19, 1, 0), "Standing": (30, 27, 3, 0)}
    assert stats["queue"] is None


async def test_every_minute_is_told_the_quiet_ones_too(organizer, client, clock, event):
    # Well inside a minute, so that none ends between the calls.
    clock.advance(seconds=70 - clock.now().second)
    kim = await buyer_of(client, event, "kim@tiketi.test")
    await kim.buy("VIP-1-1")
    first = clock.now().replace(second=0, microsecond=0)
    clock.advance(minutes=2)
    await kim.reserve("A-1-1")
    stats = (await organizer.get(f"/events/{event['id']}/stats?minutes=5")).json()
    minutes = stats["by_minute"]
    assert [minute["minute"] for minute in minutes] == [
        rfc3339(clock.now().replace(second=0, microsecond=0) - timedelta(minutes=back))
        for back in (4, 3, 2, 1, 0)
    ]
    told = {minute["minute"]: minute for minute in minutes}
    assert sum(minute["reserved"] for minute in minutes) == 2
    assert minutes[-1]["reserved"] == 1
    assert told[rfc3339(first)]["confirmed"] == 1
    assert told[rfc3339(first)]["revenue"] == {"KRW": 150_000}
    assert minutes[-1]["revenue"] == {}
    default = (await organizer.get("/stats")).json()
    assert len(default["by_minute"]) == 60
    for wrong in (0, 181, "x"):
        assert (await organizer.get(f"/stats?minutes={wrong}")).status_code == 422


async def test_the_queue_is_told_as_it_stands(organizer, client, runtime):
    settings = {"enabled": True, "capacity": 2, "rate_per_minute": 1_000_000}
    event = await organizer.make_event(layout_id=None, publish=True, queue=settings)
    for _ in range(5):
        await client.post(f"/queue/{event['id']}/join", token=client.token())
    board = await queue.read_latest_board(runtime, UUID(event["id"]))
    stats = (await organizer.get(f"/events/{event['id']}/stats")).json()
    assert (stats["queue"]["waiting"], stats["queue"]["admitted"]) == (3, 2)
    assert stats["queue"]["epoch"] == board.epoch
    assert stats["queue"]["over_capacity"] == 0
    assert (stats["funnel"]["waiting"], stats["funnel"]["admitted"]) == (3, 2)
    house = (await organizer.get("/stats")).json()
    assert (house["funnel"]["waiting"], house["funnel"]["admitted"]) == (3, 2)


async def test_an_organizers_figures_are_their_own_and_an_admins_are_all(
    organizer, rival, admin, client, event
):
    await (await buyer_of(client, event, "kim@tiketi.test")).buy("VIP-1-1")
    dollars = await rival.make_event(
        layout_id=None, publish=True, currency="USD", tiers=[{**STANDING, "price": 1_050}]
    )
    lee = await buyer_of(client, dollars, "lee@tiketi.test")
    tier_id = dollars["tiers"][0]["id"]
    payment = await lee.start(await lee.reserve(general=[{"tier_id": tier_id, "quantity": 2}]))
    await lee.confirm(payment)
    krw = {"gross": 150_000, "refunded": 0, "net": 150_000}
    usd = {"gross": 2_100, "refunded": 0, "net": 2_100}
    assert (await organizer.get("/stats")).json()["revenue"] == {"KRW": krw}
    assert (await rival.get("/stats")).json()["revenue"] == {"USD": usd}
    house = (await admin.get("/stats")).json()
    assert house["revenue"] == {"KRW": krw, "USD": usd}
    assert (house["funnel"]["paid"], house["funnel"]["tickets"]) == (2, 3)


async def test_without_redis_everything_but_the_queue_is_told(organizer, runtime):
    event = await organizer.make_event(layout_id=None, publish=True, queue={"enabled": True})
    async with redis_away(runtime):
        answer = await organizer.get(f"/events/{event['id']}/stats")
        assert (await organizer.get("/stats")).status_code == 200
    assert (answer.status_code, answer.json()["queue"]) == (200, None)
    assert answer.json()["tiers"][0]["available"] == 30
