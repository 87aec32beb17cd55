from datetime import timedelta

import pytest

from tests.http.admin.house import STANDING, made
from tiketi.kernel.clock import rfc3339
from tiketi.kernel.ids import new_id


async def test_a_draft_has_the_fields_that_were_given_and_its_places(organizer, client):
    layout = await organizer.make_layout()
    body = organizer.event_body(layout_id=layout["id"])
    event = made(await organizer.post("/events", body))
    assert event["status"] == "draft"
    assert event["organizer_id"] == organizer.id
    same = ("title", "artist", "description", "venue", "starts_at", "sale_opens_at", "currency")
    for name in (*same, "sale_closes_at", "poster_url", "limits", "layout_id"):
        assert event[name] == body[name], name
    tiers = [
        (tier["name"], tier["price"], tier["kind"], tier["capacity"]) for tier in event["tiers"]
    ]
    assert tiers == [
        ("VIP", 150_000, "seated", 10),
        ("A", 90_000, "seated", 20),
        ("Standing", 50_000, "general", 30),
    ]
    assert event["queue"] == {
        "enabled": False,
        "capacity": 1_000,
        "rate_per_minute": 1_000,
        "pass_ttl_seconds": 600,
        "mode": "fifo",
        "paused": False,
    }
    assert (await organizer.get(f"/events/{event['id']}")).json() == event
    assert (await client.get(f"/events/{event['id']}")).status_code == 404


async def test_a_published_event_is_seen_at_once_with_all_its_places(organizer, client):
    event = await organizer.make_event()
    path = f"/events/{event['id']}"
    assert (await client.get(path)).status_code == 404
    published = await organizer.post(f"{path}/publish")
    assert (published.status_code, published.json()["status"]) == (200, "on_sale")
    assert (await client.get(path)).json()["status"] == "on_sale"
    availability = (await client.get(f"{path}/availability")).json()
    assert availability["sections"] == {"VIP": "a" * 10, "A": "a" * 20}
    assert list(availability["general"].values()) == [30]
    again = await organizer.post(f"{path}/publish")
    assert (again.status_code, again.json()) == (200, published.json())


async def test_little_is_needed_and_the_rest_has_defaults(organizer):
    now = organizer.client.runtime.clock.now()
    starts_at = rfc3339(now + timedelta(days=3))
    body = {
        "title": "Talk",
        "venue": {"name": "Library", "address": "1 Main St", "timezone": "Europe/Berlin"},
        "starts_at": starts_at,
        "sale_opens_at": rfc3339(now),
        "currency": "EUR",
        "tiers": [{"name": "Free", "price": 0, "capacity": 5}],
    }
    event = made(await organizer.post("/events", body))
    assert event["sale_closes_at"] == starts_at
    assert (event["artist"], event["description"], event["poster_url"]) == ("", "", None)
    assert event["limits"] == {"seats_per_order": 4, "seats_per_user": 8}
    assert event["refund_policy"] == {"until": None, "percent": 100}


@pytest.mark.parametrize(
    ("given", "limits"),
    [
        ({}, (4, 8)),
        ({"seats_per_user": 2}, (2, 2)),
        ({"seats_per_order": 10}, (10, 10)),
        ({"seats_per_order": 6}, (6, 8)),
        ({"seats_per_order": 2, "seats_per_user": 3}, (2, 3)),
    ],
)
async def test_a_limit_that_is_left_out_gives_way_to_the_other(organizer, given, limits):
    event = await organizer.make_event(layout_id=None, limits=given)
    assert tuple(event["limits"].values()) == limits


async def test_one_card_may_have_a_limit_of_its_own(organizer):
    limits = {"seats_per_order": 2, "seats_per_user": 2, "seats_per_payment_method": 6}
    event = await organizer.make_event(publish=True, limits=limits)
    assert event["limits"] == limits
    body = organizer.event_body(limits={**limits, "seats_per_payment_method": 0})
    assert (await organizer.post("/events", body)).status_code == 422


async def test_an_events_prices_win_over_the_layouts(organizer):
    event = await organizer.make_event(prices={"VIP": 200_000})
    assert event["prices"] == {"VIP": 200_000, "A": 90_000}
    foreign = await organizer.post(
        "/events", organizer.event_body(layout_id=event["layout_id"], prices={"Z": 1})
    )
    assert foreign.status_code == 422
    assert foreign.json()["errors"][0]["loc"] == ["body", "prices", "Z"]


async def test_a_draft_is_written_anew_with_other_seats(organizer, client):
    event = await organizer.make_event()
    sections = [{"name": "B", "rows": 1, "seats_per_row": 3, "price": 70}]
    layout = await organizer.make_layout(name="Other", sections=sections)
    body = organizer.event_body(
        title="Renamed", layout_id=layout["id"], currency="USD", tiers=[{**STANDING, "capacity": 7}]
    )
    answer = await organizer.put(f"/events/{event['id']}", body)
    assert answer.status_code == 200, answer.text
    replaced = answer.json()
    assert (replaced["id"], replaced["title"], replaced["currency"]) == (
        event["id"],
        "Renamed",
        "USD",
    )
    assert [tier["name"] for tier in replaced["tiers"]] == ["B", "Standing"]
    await organizer.post(f"/events/{event['id']}/publish")
    availability = (await client.get(f"/events/{event['id']}/availability")).json()
    assert availability["sections"] == {"B": "aaa"}
    assert list(availability["general"].values()) == [7]


async def test_what_is_read_of_a_published_event_may_be_put_back(organizer):
    event = await organizer.make_event(publish=True, queue={"enabled": True, "capacity": 50})
    body = _writable(event)
    answer = await organizer.put(f"/events/{event['id']}", body)
    assert answer.status_code == 200, answer.text
    assert {**answer.json(), "updated_at": ""} == {**event, "updated_at": ""}


async def test_texts_poster_limits_and_a_later_close_change_after_publishing(organizer, client):
    event = await organizer.make_event(publish=True)
    later = rfc3339(organizer.client.runtime.clock.now() + timedelta(days=25))
    changes = {
        "title": "여름의 콘서트",
        "artist": "낙동강",
        "description": "세 시간",
        "venue": {**event["venue"], "name": "체조경기장", "address": "서울 송파구 2"},
        "poster_url": "http://example.com/other.png",
        "limits": {"seats_per_order": 2, "seats_per_user": 2},
        "sale_closes_at": later,
    }
    assert (await client.get(f"/events/{event['id']}")).json()["title"] == event["title"]
    answer = await organizer.put(f"/events/{event['id']}", {**_writable(event), **changes})
    assert answer.status_code == 200, answer.text
    # At once, although it was just read and remembered.
    shown = (await client.get(f"/events/{event['id']}")).json()
    assert {name: shown[name] for name in changes} == changes


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": "2040-01-01T00:00:00Z"},
        {"sale_opens_at": "2020-01-01T00:00:00Z"},
        {"sale_closes_at": "earlier"},
        {"currency": "USD"},
        {"venue": {"name": "V", "address": "A", "timezone": "Europe/Berlin"}},
        {"layout_id": None},
        {"layout_id": "another"},
        {"prices": {"VIP": 1}},
        {"tiers": []},
        {"tiers": [{**STANDING, "price": 1}]},
        {"tiers": [STANDING, {**STANDING, "name": "More"}]},
        {"queue": {"enabled": True}},
        {"queue": {"enabled": False, "capacity": 7}},
        {"refund_policy": {"until": None, "percent": 50}},
    ],
)
async def test_what_buyers_rely_on_does_not_change_once_published(organizer, client, change):
    event = await organizer.make_event(publish=True)
    if change.get("layout_id") == "another":
        change = {"layout_id": (await organizer.make_layout())["id"]}
    if change.get("sale_closes_at") == "earlier":
        earlier = organizer.client.runtime.clock.now() + timedelta(days=19)
        change = {"sale_closes_at": rfc3339(earlier)}
    before = (await client.get(f"/events/{event['id']}")).json()
    answer = await organizer.put(f"/events/{event['id']}", {**_writable(event), **change})
    assert (answer.status_code, answer.json()["code"]) == (409, "event_published"), answer.text
    assert (await client.get(f"/events/{event['id']}")).json() == before


async def test_only_drafts_are_deleted(organizer, runtime):
    draft = await organizer.make_event()
    assert (await organizer.delete(f"/events/{draft['id']}")).status_code == 204
    assert (await organizer.get(f"/events/{draft['id']}")).status_code == 404
    published = await organizer.make_event(publish=True)
    refused = await organizer.delete(f"/events/{published['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "event_published")


async def test_the_list_has_drafts_and_pages_and_filters(organizer, rival):
    await rival.make_event(layout_id=None)
    now = organizer.client.runtime.clock.now()
    for days, title, publish in ((40, "Late", False), (35, "Early", True), (45, "Last", False)):
        await organizer.make_event(
            layout_id=None,
            title=title,
            starts_at=rfc3339(now + timedelta(days=days)),
            publish=publish,
        )
    first = (await organizer.get("/events?limit=2")).json()
    assert [event["title"] for event in first["items"]] == ["Early", "Late"]
    assert [event["status"] for event in first["items"]] == ["on_sale", "draft"]
    second = (await organizer.get(f"/events?limit=2&cursor={first['next_cursor']}")).json()
    assert [event["title"] for event in second["items"]] == ["Last"]
    drafts = (await organizer.get("/events?status=draft&sort=-starts_at")).json()
    assert [event["title"] for event in drafts["items"]] == ["Last", "Late"]
    assert (await organizer.get("/events?q=Early")).json()["items"][0]["title"] == "Early"
    assert (await organizer.get("/events?status=unknown")).status_code == 422


async def test_another_organizers_event_reads_like_an_unknown_one(organizer, rival, admin):
    event = await organizer.make_event()
    path = f"/events/{event['id']}"
    calls = [
        rival.get(path),
        rival.get(f"{path}/stats"),
        rival.put(path, rival.event_body(layout_id=None)),
        rival.delete(path),
        rival.post(f"{path}/publish"),
        rival.post(f"{path}/cancel"),
        rival.put(f"{path}/queue", {"paused": True}),
        rival.post(f"{path}/queue/reset"),
        rival.post(f"{path}/queue/notice", {"text": "x"}),
    ]
    unknown = (await rival.get(f"/events/{new_id()}")).json()
    for call in calls:
        foreign = (await call).json()
        assert {**foreign, "request_id": ""} == {**unknown, "request_id": ""}
    assert unknown["status"] == 404
    assert (await admin.get(path)).status_code == 200
    assert (await organizer.get(path)).json() == event


async def test_an_unknown_event_is_found_out_before_the_body_is_read(organizer):
    answer = await organizer.put(f"/events/{new_id()}", {"nonsense": True})
    assert answer.status_code == 404


def _writable(event):
    names = (
        "title", "artist", "description", "venue", "starts_at", "sale_opens_at", "sale_closes_at",
        "currency", "poster_url", "limits", "refund_policy", "queue", "layout_id", "prices",
    )  # fmt: skip
    tiers = [
        {name: tier[name] for name in ("name", "price", "kind", "capacity")}
        for tier in event["tiers"]
        if tier["kind"] == "general"
    ]
    return {**{name: event[name] for name in names}, "tiers": tiers}
