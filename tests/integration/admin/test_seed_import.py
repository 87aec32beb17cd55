"""A catalogue in the stores: whole or not at all, once however often, sold by the same rules."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text

from tests.support.catalogues import GOOD, read
from tiketi.admin.catalogue.demo import demo_data
from tiketi.admin.catalogue.importing import import_catalogue
from tiketi.admin.catalogue.plan import plan_catalogue
from tiketi.events import api as events
from tiketi.kernel.errors import Invalid
from tiketi.kernel.ids import new_id
from tiketi.queue import api as queue
from tiketi.seats import api as seats

TABLES = ("events.event", "events.tier", "seats.layout", "seats.seat_map", "seats.seat",
          "seats.general_bucket", "queue.waiting_room", "admin.audit")  # fmt: skip


def plan_of(runtime, source=GOOD):
    return plan_catalogue(read(source), now=runtime.clock.now())


async def seed(runtime, plan):
    async with runtime.database.transaction() as tx:
        return await import_catalogue(tx, runtime, plan, now=runtime.clock.now())


async def count_rows(runtime):
    async with runtime.database.latest() as reader:
        counts = {}
        for table in TABLES:
            counts[table] = (
                await reader.execute(select(func.count()).select_from(text(table)))
            ).scalar()
        return counts


async def get_event(runtime, event_id):
    async with runtime.database.latest() as reader:
        return await events.get_event(reader, event_id)


@pytest.mark.parametrize(("line", "expected"), [("", None), ("expected_audience: 5000", 5_000)])
async def test_expected_audience_is_noted_where_the_file_says_one(runtime, line, expected):
    plan = plan_of(
        runtime,
        GOOD.replace("    currency: KRW\n    tiers", f"    currency: KRW\n    {line}\n    tiers"),
    )
    await seed(runtime, plan)
    assert (await get_event(runtime, plan.events[0].event_id)).expected_audience == expected


async def test_event_is_created_as_the_file_says(runtime):
    plan = plan_of(runtime)
    report = await seed(runtime, plan)
    assert (report.layouts_created, report.events_created) == (("small",), ("first-night",))
    event = await get_event(runtime, plan.events[0].event_id)
    assert event.title == "첫날 밤"
    assert event.venue == events.Venue("달빛소극장", "서울 종로구 대학로 1", "Asia/Seoul")
    assert event.starts_at.isoformat() == "2026-12-24T10:30:00+00:00"
    assert event.limits == events.Limits(2, 4)
    assert event.refund_policy.percent == 90
    assert event.organizer_id is None
    assert [(t.name, t.price_minor, t.capacity) for t in event.tiers] == [
        ("VIP", 150_000, 6), ("101", 90_000, 9), ("standing", 50_000, 100),
    ]  # fmt: skip
    assert event.status(runtime.clock.now()) is events.EventStatus.ON_SALE
    seat_map = await runtime.one(seats.SeatMaps).get(event.id)
    assert len(seat_map) == 15
    assert seat_map.find("101-B-5").index == 14
    async with runtime.database.latest() as reader:
        room = await queue.get_room(reader, event.id)
    assert room.settings == queue.WaitingRoomSettings(
        enabled=True, capacity=100, rate_per_minute=60
    )
    assert event.queue_enabled


async def test_seeding_again_changes_nothing(runtime):
    plan = plan_of(runtime)
    await seed(runtime, plan)
    before = await count_rows(runtime), await get_event(runtime, plan.events[0].event_id)
    report = await seed(runtime, plan_of(runtime, GOOD.replace("첫날 밤", "둘째 밤")))
    assert (report.layouts_created, report.events_created) == ((), ())
    assert (report.layouts_kept, report.events_kept) == (("small",), ("first-night",))
    assert (await count_rows(runtime), await get_event(runtime, plan.events[0].event_id)) == before


async def test_event_that_was_added_to_the_file_is_added(runtime):
    await seed(runtime, plan_of(runtime))
    more = GOOD + GOOD[GOOD.index("  - slug") :].replace("first-night", "second-night")
    report = await seed(runtime, plan_of(runtime, more))
    assert report.events_created == ("second-night",)
    assert report.events_kept == ("first-night",)


async def test_changed_layout_is_a_new_one_for_new_events_only(runtime):
    old = plan_of(runtime)
    await seed(runtime, old)
    source = GOOD.replace("rows: 2", "rows: 4").replace("first-night", "second-night")
    new = plan_of(runtime, source)
    report = await seed(runtime, new)
    assert report.layouts_created == ("small",)
    maps = runtime.one(seats.SeatMaps)
    assert len(await maps.get(old.events[0].event_id)) == 15
    assert len(await maps.get(new.events[0].event_id)) == 21


async def test_failure_in_the_middle_leaves_nothing(runtime):
    plan = plan_of(runtime)
    good = plan.events[0]
    lost = replace(good.draft, layout_id=new_id())
    bad = replace(good, event_id=new_id(), slug="lost", draft=lost)
    before = await count_rows(runtime)
    with pytest.raises(Invalid):
        await seed(runtime, replace(plan, events=(good, bad)))
    assert await count_rows(runtime) == before
    assert set(before.values()) == {0}


async def test_two_at_once_create_each_event_once(runtime):
    reports = await asyncio.gather(*(seed(runtime, plan_of(runtime)) for _ in range(4)))
    assert sorted(len(report.events_created) for report in reports) == [0, 0, 0, 1]
    assert (await count_rows(runtime))["events.event"] == 1


async def test_draft_stays_out_of_sight(runtime):
    plan = plan_of(runtime, GOOD.replace("    tiers", "    publish: false\n    tiers"))
    await seed(runtime, plan)
    event = await get_event(runtime, plan.events[0].event_id)
    assert event.status(runtime.clock.now()) is events.EventStatus.DRAFT


async def test_demo_is_what_a_buyer_finds(runtime, client):
    await seed(runtime, plan_of(runtime, demo_data("demo")))
    answer = await client.get("/events", params={"limit": 100})
    assert answer.status_code == 200
    found = {item["title"]: item for item in answer.json()["items"]}
    assert len(found) == 8
    by_status = [item["status"] for item in found.values()]
    assert sorted(set(by_status)) == ["on_sale", "upcoming"]
    mahler = next(item for title, item in found.items() if title.startswith("Mahler"))
    event = (await client.get(f"/events/{mahler['id']}")).json()
    assert event["currency"] == "USD"
    assert {tier["name"]: tier["price"] for tier in event["tiers"]}["VIP"] == 18_500
    availability = (await client.get(f"/events/{mahler['id']}/availability")).json()
    assert sum(len(states) for states in availability["sections"].values()) == 1_500
    assert set("".join(availability["sections"].values())) == {"a"}
    seat_map = (await client.get(f"/events/{mahler['id']}/seats")).json()
    assert [section["title"] for section in seat_map["sections"]][2] == "S석 왼쪽"


async def test_stadium_has_a_row_for_each_of_its_50000_seats(runtime):
    await seed(runtime, plan_of(runtime, demo_data("stadium")))
    assert (await count_rows(runtime))["seats.seat"] == 50_000
