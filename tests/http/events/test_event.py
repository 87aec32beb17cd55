"""GET /events/{event_id}: its shape, who may see it, and how long caches may keep it."""

from datetime import timedelta

import pytest

from tests.support.away import database_away
from tests.support.copies import age_copies
from tests.support.on_sale import General, Section, open_sale
from tiketi.admin.running import publish_event
from tiketi.events import api as events
from tiketi.events.schemas import EventView
from tiketi.kernel.clock import rfc3339
from tiketi.kernel.ids import new_id


async def test_an_event_has_the_shape_of_the_contract(runtime, client):
    event = await open_sale(
        runtime, sections=(Section("VIP", 2, 3, 150_000),), general=(General(),), queue_enabled=True
    )
    answer = await client.get(f"/events/{event.id}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    seated, general = event.tiers
    assert answer.json() == {
        "id": str(event.id),
        "title": "봄의 콘서트",
        "artist": "한강",
        "description": "",
        "venue": {
            "name": "올림픽홀",
            "address": "서울 송파구 올림픽로 424",
            "timezone": "Asia/Seoul",
        },
        "starts_at": rfc3339(event.starts_at),
        "sale_opens_at": rfc3339(event.sale_opens_at),
        "sale_closes_at": rfc3339(event.sale_closes_at),
        "status": "on_sale",
        "currency": "KRW",
        "poster_url": None,
        "tiers": [
            {
                "id": str(seated.id),
                "name": "VIP",
                "price": 150_000,
                "kind": "seated",
                "capacity": 6,
            },
            {
                "id": str(general.id),
                "name": "Standing",
                "price": 30_000,
                "kind": "general",
                "capacity": 100,
            },
        ],
        "limits": {"seats_per_order": 4, "seats_per_user": 8},
        "queue": {"enabled": True},
        "refund_policy": {
            "until": rfc3339(event.starts_at - timedelta(hours=24)),
            "percent": 100,
        },
    }
    EventView.model_validate_json(answer.content)


async def test_the_clock_opens_and_ends_a_sale(runtime, client, clock):
    event = await open_sale(runtime, opens_in=timedelta(hours=1), closes_in=timedelta(hours=2))
    seen = []
    for _ in range(3):
        answer = await client.get(f"/events/{event.id}")
        seen.append((answer.json()["status"], answer.headers["etag"]))
        clock.advance(hours=1)
    assert [status for status, _ in seen] == ["upcoming", "on_sale", "ended"]
    assert len({etag for _, etag in seen}) == 3


async def test_a_draft_reads_like_what_does_not_exist(runtime, client):
    draft = await open_sale(runtime, publish=False)
    token = client.token(role="admin")
    for path in ("", "/seats", "/availability"):
        bodies = set()
        for event_id in (draft.id, new_id(), "no-uuid", f"{draft.id}"[:-1], "%00"):
            for headers in ({}, {"authorization": f"Bearer {token}"}):
                answer = await client.get(
                    f"/events/{event_id}{path}", headers={"x-request-id": "same", **headers}
                )
                assert answer.status_code == 404
                bodies.add(answer.content)
        assert len(bodies) == 1
        assert b'"code":"not_found"' in bodies.pop()


async def test_publishing_shows_an_event_at_once(runtime, client):
    draft = await open_sale(runtime, publish=False)
    assert (await client.get(f"/events/{draft.id}")).status_code == 404
    assert (await client.get("/events")).json()["items"] == []
    async with runtime.database.transaction() as tx:
        await publish_event(tx, runtime, None, draft.id, now=runtime.clock.now())
    assert (await client.get(f"/events/{draft.id}")).status_code == 200
    assert [item["id"] for item in (await client.get("/events")).json()["items"]] == [str(draft.id)]


async def test_a_change_shows_within_a_second(runtime, client, clock):
    event = await open_sale(runtime)
    assert (await client.get(f"/events/{event.id}")).json()["status"] == "on_sale"
    async with runtime.database.transaction() as tx:
        await events.cancel_event(tx, event.id, now=runtime.clock.now())
    clock.advance(seconds=1)
    await age_copies(runtime, seconds=1)
    assert (await client.get(f"/events/{event.id}")).json()["status"] == "cancelled"


async def test_caches_may_keep_it_for_a_second(runtime, client, clock):
    event = await open_sale(runtime)
    first = await client.get(f"/events/{event.id}")
    assert first.headers["cache-control"] == "public, max-age=1, stale-if-error=600"
    assert first.headers["vary"] == "Accept-Encoding"
    assert "age" not in first.headers
    clock.advance(seconds=5)
    etag = first.headers["etag"]
    again = await client.get(f"/events/{event.id}", headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag
    assert again.headers["cache-control"] == "public, max-age=1, stale-if-error=600"
    other = await client.get(f"/events/{event.id}", headers={"if-none-match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)


async def test_head_is_get_without_its_body(runtime, client):
    event = await open_sale(runtime)
    answer = await client.call("HEAD", f"/events/{event.id}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == (await client.get(f"/events/{event.id}")).headers["etag"]


async def test_the_last_known_is_served_while_the_database_is_away(runtime, client, clock):
    event = await open_sale(runtime)
    before = await client.get(f"/events/{event.id}")
    listed = await client.get("/events")
    async with database_away(client.runtime):
        clock.advance(seconds=60)
        await age_copies(runtime, seconds=60)
        for path, known in ((f"/events/{event.id}", before), ("/events", listed)):
            answer = await client.get(path)
            assert (answer.status_code, answer.content) == (200, known.content)
            assert int(answer.headers["age"]) >= 60
            assert answer.headers["warning"].startswith("110 ")
        unknown = await client.get(f"/events/{new_id()}")
        assert unknown.status_code == 503
        assert int(unknown.headers["retry-after"]) > 0


@pytest.mark.parametrize("path", ["", "/seats", "/availability"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_buyers_only_read(runtime, client, method, path):
    event = await open_sale(runtime)
    answer = await client.call(method, f"/events/{event.id}{path}", {})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"
