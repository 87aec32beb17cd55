"""What may not be written of an event: refused with 422 and its place, and nothing is kept."""

import pytest

from tests.http.admin.house import STANDING
from tiketi.kernel.ids import new_id

VENUE = {"name": "V", "address": "A", "timezone": "Asia/Seoul"}
WRONG = [
    ({"title": ""}, "title"),
    ({"title": "x" * 201}, "title"),
    ({"title": "two\nlines"}, "title"),
    ({"title": 7}, "title"),
    ({"description": "x" * 10_001}, "description"),
    ({"venue": {"name": "V", "address": "A"}}, "timezone"),
    ({"venue": {**VENUE, "timezone": "Asia/Atlantis"}}, "timezone"),
    ({"venue": {**VENUE, "timezone": "../etc/passwd"}}, "timezone"),
    ({"venue": {**VENUE, "timezone": "Asia"}}, "timezone"),
    ({"venue": {**VENUE, "timezone": ""}}, "timezone"),
    ({"venue": {**VENUE, "city": "Seoul"}}, "city"),
    ({"starts_at": "2030-01-01T10:00:00"}, "starts_at"),
    ({"starts_at": "tomorrow"}, "starts_at"),
    ({"starts_at": "1999-01-01T00:00:00Z"}, "starts_at"),
    ({"starts_at": 1_900_000_000}, "starts_at"),
    ({"sale_opens_at": "2099-01-01T00:00:00Z"}, "body"),
    ({"sale_closes_at": "2000-01-02T00:00:00Z"}, "body"),
    ({"currency": "XXX"}, "currency"),
    ({"currency": "krw"}, "currency"),
    ({"poster_url": "ftp://example.com/a"}, "poster_url"),
    ({"poster_url": "javascript:alert(1)"}, "poster_url"),
    ({"poster_url": "/poster.jpg"}, "poster_url"),
    ({"poster_url": "https://"}, "poster_url"),
    ({"poster_url": "https://example.com/a b"}, "poster_url"),
    ({"poster_url": "https://example.com:99999/"}, "poster_url"),
    ({"poster_url": "https://[::1/"}, "poster_url"),
    ({"poster_url": "https://example.com/" + "x" * 2_048}, "poster_url"),
    ({"limits": {"seats_per_order": 0}}, "seats_per_order"),
    ({"limits": {"seats_per_order": 5, "seats_per_user": 4}}, "limits"),
    ({"limits": {"seats_per_user": 1_000_001}}, "seats_per_user"),
    ({"refund_policy": {"percent": 101}}, "percent"),
    ({"queue": {"capacity": 5}}, "enabled"),
    ({"queue": {"enabled": True, "capacity": -1}}, "capacity"),
    ({"queue": {"enabled": True, "capacity": 1_000_001}}, "capacity"),
    ({"queue": {"enabled": True, "rate_per_minute": 1_000_001}}, "rate_per_minute"),
    ({"queue": {"enabled": True, "pass_ttl_seconds": 1}}, "pass_ttl_seconds"),
    ({"queue": {"enabled": True, "pass_ttl_seconds": 86_401}}, "pass_ttl_seconds"),
    ({"queue": {"enabled": True, "mode": "lottery"}}, "mode"),
    ({"queue": {"enabled": True, "epoch": 3}}, "epoch"),
    ({"layout_id": str(new_id())}, "layout_id"),
    ({"layout_id": "not-an-id"}, "layout_id"),
    ({"tiers": []}, "tiers"),
    ({"tiers": [STANDING, STANDING]}, "tiers"),
    ({"tiers": [{**STANDING, "price": -1}]}, "price"),
    ({"tiers": [{**STANDING, "price": 10**12 + 1}]}, "price"),
    ({"tiers": [{**STANDING, "capacity": 0}]}, "capacity"),
    ({"tiers": [{**STANDING, "capacity": 1_000_001}]}, "capacity"),
    ({"tiers": [{**STANDING, "kind": "seated"}]}, "kind"),
    ({"tiers": [{**STANDING, "colour": "red"}]}, "colour"),
    ({"prices": {"vip": 1}}, "prices"),
    ({"status": "on_sale"}, "status"),
    ({"id": str(new_id())}, "id"),
    ({"sold_out": True}, "sold_out"),
]


async def test_it_is_refused_by_its_place_and_nothing_is_kept(organizer):
    passed = []
    for change, field in WRONG:
        answer = await organizer.post("/events", organizer.event_body(**change))
        errors = answer.json().get("errors", [])
        places = [str(part) for error in errors for part in error["loc"]]
        if answer.status_code != 422 or field not in places:
            passed.append((change, answer.text))
    assert passed == []
    assert (await organizer.get("/events")).json()["items"] == []


async def test_what_is_needed_may_not_be_left_out(organizer):
    for missing in ("title", "venue", "starts_at", "sale_opens_at", "currency", "tiers"):
        answer = await organizer.post("/events", organizer.event_body(**{missing: None}))
        assert answer.status_code == 422, missing


async def test_a_tier_may_not_be_named_like_a_section(organizer):
    layout = await organizer.make_layout()
    tiers = [{**STANDING, "name": "VIP"}]
    body = organizer.event_body(layout_id=layout["id"], tiers=tiers)
    assert (await organizer.post("/events", body)).status_code == 422


async def test_another_organizers_layout_is_refused_like_an_unknown_one(organizer, rival):
    layout = await organizer.make_layout()
    foreign = await rival.post("/events", rival.event_body(layout_id=layout["id"]))
    unknown = await rival.post("/events", rival.event_body(layout_id=str(new_id())))
    assert foreign.status_code == unknown.status_code == 422
    assert foreign.json()["errors"] == unknown.json()["errors"]


@pytest.mark.parametrize("timezone", ["Asia/Seoul", "America/Argentina/Buenos_Aires", "UTC"])
async def test_iana_time_zones_are_taken(organizer, timezone):
    await organizer.make_event(layout_id=None, venue={**VENUE, "timezone": timezone})
