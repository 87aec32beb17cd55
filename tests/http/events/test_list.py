"""GET /events: filters, order, pages, and refusals of what is no query."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.on_sale import General, Section, open_sale
from tiketi.events import api as events
from tiketi.events.schemas import EventSummaryView
from tiketi.infra.http.wire import Page
from tiketi.kernel.clock import rfc3339

GENERAL = (General(),)


async def listed(client, **params) -> list[str]:
    answer = await client.get("/events", params=params)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_a_summary_has_what_a_list_shows(runtime, client):
    event = await open_sale(runtime, sections=(Section("A", 1, 1, 500),), general=GENERAL)
    answer = await client.get("/events")
    (item,) = answer.json()["items"]
    assert answer.json()["next_cursor"] is None
    assert item == {
        "id": str(event.id),
        "title": event.title,
        "artist": event.artist,
        "venue": {
            "name": event.venue.name,
            "address": event.venue.address,
            "timezone": "Asia/Seoul",
        },
        "starts_at": rfc3339(event.starts_at),
        "sale_opens_at": rfc3339(event.sale_opens_at),
        "sale_closes_at": rfc3339(event.sale_closes_at),
        "status": "on_sale",
        "currency": "KRW",
        "poster_url": None,
        "min_price": 500,
        "max_price": 30_000,
    }
    Page[EventSummaryView].model_validate_json(answer.content)


async def test_filters_and_order(runtime, client):
    day = timedelta(days=1)
    now = runtime.clock.now()

    async def sale(starts: int, opens: int) -> str:
        event = await open_sale(
            runtime,
            sections=(),
            general=GENERAL,
            starts_in=starts * day,
            opens_in=opens * day,
            closes_in=starts * day,
        )
        return str(event.id)

    later, sooner, upcoming = await sale(9, -1), await sale(5, -3), await sale(7, 2)
    draft = await open_sale(runtime, sections=(), general=GENERAL, publish=False)
    assert await listed(client) == [sooner, upcoming, later]
    assert await listed(client, sort="-starts_at") == [later, upcoming, sooner]
    assert await listed(client, sort="sale_opens_at") == [sooner, later, upcoming]
    assert await listed(client, status="upcoming") == [upcoming]
    assert await listed(client, status="draft") == []
    assert str(draft.id) not in await listed(client, q=draft.title)
    at = rfc3339(now + 6 * day)
    assert await listed(client, **{"from": at}) == [upcoming, later]
    assert await listed(client, to=at) == [sooner]
    assert await listed(client, **{"from": at, "to": rfc3339(now + 8 * day)}) == [upcoming]
    assert await listed(client, q="봄이 콘서트", status="on_sale") == [sooner, later]
    assert await listed(client, q="  ") == [sooner, upcoming, later]
    assert await listed(client, unknown="passed over") == [sooner, upcoming, later]


async def test_the_status_of_a_list_moves_with_the_clock(runtime, client, clock):
    event = await open_sale(runtime, opens_in=timedelta(hours=1), closes_in=timedelta(hours=2))
    for status in ("upcoming", "on_sale", "ended"):
        assert await listed(client, status=status) == [str(event.id)]
        clock.advance(hours=1)


async def test_pages_follow_each_other(runtime, client):
    made = {str((await open_sale(runtime, sections=(), general=GENERAL)).id) for _ in range(5)}
    seen, cursor = [], None
    for _ in range(3):
        params = {"limit": 2, "sort": "-starts_at", **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/events", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert (len(seen), set(seen)) == (5, made)


async def test_a_list_is_cacheable_and_compressed(runtime, client):
    for _ in range(5):
        await open_sale(runtime, sections=(), general=GENERAL)
    answer = await client.get("/events")
    assert answer.headers["cache-control"] == "public, max-age=1, stale-if-error=600"
    assert answer.headers["content-encoding"] == "gzip"
    known = {"if-none-match": answer.headers["etag"]}
    assert (await client.get("/events", headers=known)).status_code == 304


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({"status": "open"}, "status"),
        ({"sort": "title"}, "sort"),
        ({"sort": ""}, "sort"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": "x" * 513}, "cursor"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-01-01T00:00:00"}, "from"),
        ({"to": "9999-12-31T23:59:59Z"}, "to"),
        ({"to": "0001-01-01T00:00:00+14:00"}, "to"),
        ({"q": "x" * 101}, "q"),
    ],
)
async def test_what_is_no_query_is_refused(client, params, where):
    answer = await client.get("/events", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [error["loc"] for error in answer.json()["errors"]] == [["query", where]]


async def test_a_cursor_of_another_order_is_refused(runtime, client):
    for _ in range(2):
        await open_sale(runtime, sections=(), general=GENERAL)
    page = (await client.get("/events", params={"limit": 1})).json()
    params = {"cursor": page["next_cursor"], "sort": "sale_opens_at"}
    assert (await client.get("/events", params=params)).status_code == 422


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["cursor", "q", "from", "to", "status", "sort", "limit"]),
    st.text(max_size=120) | st.binary(max_size=120),
)
@example("q", "\x00")
@example("q", "%_\\'\"")
@example("q", "\ud800")
@example("q", "ﷺ" * 100)
@example("from", "1e308")
@example("from", "-62135596800")
@example("limit", "9" * 5000)
async def test_nothing_that_can_be_typed_breaks_it(client, name, value):
    raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    answer = await client.http.get(f"/api/v1/events?{name}={quote(raw)}")
    assert answer.status_code in ({422} if name == "cursor" else {200, 422}), answer.text


async def test_search_forgives(runtime, client):
    event = await open_sale(runtime)
    async with runtime.database.transaction() as tx:
        loaded = await events.get_event(tx, event.id)
    assert loaded.artist == "한강"
    for typed in ("봄의 콘서트", "봄에콘서트", "콘써트", "코ㄴ", "한가", "올림픽 홀", "올림삑홀"):
        assert await listed(client, q=typed) == [str(event.id)], typed
    assert await listed(client, q="coldplay") == []
