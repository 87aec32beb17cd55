"""Tiers and presales that take a code, and codes that are limited."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from tests.http.admin.house import STANDING, hire
from tests.support.clock import ShiftedClock
from tests.support.selling import order, order_best, outcome
from tiketi.kernel.actor import Role
from tiketi.kernel.clock import rfc3339

SECRET = "backstage"


@pytest.fixture
def clock(runtime):
    runtime.clock = ShiftedClock()
    return runtime.clock


@pytest.fixture
async def organizer(client):
    return await hire(client, Role.ORGANIZER, "organizer")


def tier_id(event, name):
    return next(tier["id"] for tier in event["tiers"] if tier["name"] == name)


async def test_a_tier_with_a_code_is_sold_only_to_who_sends_it(organizer, client):
    event = await organizer.make_event(publish=True, tiers=[{**STANDING, "access_code": SECRET}])
    ask = {"general": [{"tier_id": tier_id(event, "Standing"), "quantity": 1}]}
    without = await order(client, event["id"], **ask)
    assert (without.status_code, outcome(without)) == (403, "access_code_required")
    assert outcome(await order(client, event["id"], **ask, access_code="front")) == outcome(without)
    assert outcome(await order(client, event["id"], **ask, access_code=SECRET)) == "held"
    # The other tiers are everybody's.
    assert outcome(await order(client, event["id"], seat_ids=["A-1-1"])) == "held"


async def test_a_section_may_take_a_code(organizer, client):
    event = await organizer.make_event(publish=True, access_codes={"VIP": SECRET})
    assert outcome(await order(client, event["id"], seat_ids=["VIP-1-1"])) == "access_code_required"
    best = await order_best(client, event["id"], quantity=1, section="VIP")
    assert outcome(best) == "access_code_required"
    elsewhere = await order_best(client, event["id"], quantity=1)
    assert elsewhere.json()["items"][0]["section"] == "A"
    opened = await order_best(client, event["id"], quantity=1, access_code=SECRET)
    assert opened.json()["items"][0]["section"] == "VIP"
    seat = await order(client, event["id"], seat_ids=["VIP-2-1"], access_code=SECRET)
    assert outcome(seat) == "held"


async def test_nobody_else_ever_reads_a_code(organizer, client):
    event = await organizer.make_event(publish=True, access_codes={"VIP": SECRET})
    assert event["access_codes"] == {"VIP": SECRET}
    for path in ("", "/seats", "/availability"):
        shown = await client.get(f"/events/{event['id']}{path}")
        assert SECRET not in shown.text
    assert SECRET not in (await client.get("/events")).text
    refused = await order(client, event["id"], seat_ids=["VIP-1-1"], access_code="nearly")
    assert SECRET not in refused.text


async def presale_event(organizer, clock, codes):
    opens_at = clock.now() + timedelta(hours=2)
    return await organizer.make_event(
        publish=True,
        sale_opens_at=rfc3339(opens_at),
        presale={"opens_at": rfc3339(opens_at - timedelta(hours=1)), "codes": codes},
    )


async def test_a_presale_is_for_who_has_a_code_until_the_sale_opens(organizer, client, clock):
    event = await presale_event(organizer, clock, [{"code": SECRET}])
    seat = {"seat_ids": ["A-1-1"]}

    async def buy(**more):
        return outcome(await order(client, event["id"], **seat, **more))

    assert await buy(access_code=SECRET) == "sale_not_open"
    clock.advance(hours=1, minutes=1)
    assert await buy() == "access_code_required"
    assert await buy(access_code="nobody's") == "access_code_required"
    assert await buy(access_code=SECRET.upper()) == "held"
    best = await order_best(client, event["id"], quantity=2, access_code=SECRET)
    assert outcome(best) == "held"
    without = await order_best(client, event["id"], quantity=2)
    assert outcome(without) == "access_code_required"
    clock.advance(hours=1)
    seat = {"seat_ids": ["A-2-1"]}
    assert await buy() == "held"


async def test_100_orders_at_once_with_a_code_for_7_are_7(organizer, client, clock):
    event = await presale_event(organizer, clock, [{"code": SECRET, "uses_max": 7}])
    clock.advance(hours=1, minutes=1)
    ask = {"general": [{"tier_id": tier_id(event, "Standing"), "quantity": 1}]}
    answers = await asyncio.gather(
        *(order(client, event["id"], **ask, access_code=SECRET) for _ in range(100))
    )
    assert Counter(map(outcome, answers)) == {"held": 7, "access_code_used_up": 93}
    shown = (await organizer.get(f"/events/{event['id']}")).json()["presale"]["codes"]
    assert shown == [{"code": SECRET, "uses_max": 7, "uses": 7}]
    # Once the sale is open the code is not needed, and counts nothing.
    clock.advance(hours=1)
    assert outcome(await order(client, event["id"], **ask, access_code=SECRET)) == "held"


async def test_a_presale_may_change_while_it_runs_and_codes_keep_their_count(
    organizer, client, clock
):
    layout = await organizer.make_layout()
    opens_at = clock.now() + timedelta(hours=2)
    body = organizer.event_body(
        layout_id=layout["id"],
        sale_opens_at=rfc3339(opens_at),
        presale={
            "opens_at": rfc3339(opens_at - timedelta(hours=1)),
            "codes": [{"code": "first", "uses_max": 1}],
        },
    )
    event = (await organizer.post("/events", body)).json()
    path = f"/events/{event['id']}"
    await organizer.post(f"{path}/publish")
    clock.advance(hours=1, minutes=1)
    first = await order(client, event["id"], seat_ids=["A-1-1"], access_code="first")
    assert outcome(first) == "held"
    more = {**body["presale"], "codes": [{"code": "first", "uses_max": 2}, {"code": "other"}]}
    changed = await organizer.put(path, {**body, "presale": more})
    assert changed.json()["presale"]["codes"] == [
        {"code": "first", "uses_max": 2, "uses": 1},
        {"code": "other", "uses_max": None, "uses": None},
    ]
    other = await order(client, event["id"], seat_ids=["A-1-2"], access_code="other")
    assert outcome(other) == "held"
    without = {name: value for name, value in body.items() if name != "presale"}
    assert (await organizer.put(path, without)).json()["presale"]["codes"][1]["code"] == "other"
    assert (await organizer.put(path, {**body, "presale": None})).json()["presale"] is None
    gone = await order(client, event["id"], seat_ids=["A-1-3"], access_code="other")
    assert outcome(gone) == "access_code_required"


async def test_a_tiers_code_does_not_change_once_published(organizer, client):
    layout = await organizer.make_layout()
    body = organizer.event_body(layout_id=layout["id"], access_codes={"VIP": SECRET})
    event = (await organizer.post("/events", body)).json()
    path = f"/events/{event['id']}"
    anew = await organizer.put(path, {**body, "access_codes": {"VIP": "another"}})
    assert anew.json()["access_codes"] == {"VIP": "another"}
    await organizer.post(f"{path}/publish")
    refused = await organizer.put(path, body)
    assert outcome(refused) == "event_published"
    # Left out it stays.
    left_out = {name: value for name, value in body.items() if name != "access_codes"}
    assert (await organizer.put(path, left_out)).json()["access_codes"] == {"VIP": "another"}


@pytest.mark.parametrize(
    "change",
    [
        {"access_codes": {"B": SECRET}},
        {"access_codes": {"VIP": "a b"}},
        {"presale": {"opens_at": "2040-01-01T00:00:00Z", "codes": [{"code": SECRET}]}},
        {"presale": {"opens_at": "2020-01-01T00:00:00Z", "codes": []}},
        {
            "presale": {
                "opens_at": "2020-01-01T00:00:00Z",
                "codes": [{"code": SECRET}, {"code": SECRET.upper()}],
            }
        },
    ],
)
async def test_codes_that_make_no_sense_are_refused(organizer, change):
    layout = await organizer.make_layout()
    body = organizer.event_body(layout_id=layout["id"], **change)
    assert (await organizer.post("/events", body)).status_code == 422
