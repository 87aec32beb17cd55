"""GET /events/{event_id}/seats: one rendering, kept and compressed."""

import gzip

import orjson
import pytest
from sqlalchemy import text

from tests.support.away import database_away
from tests.support.copies import age_copies
from tests.support.on_sale import General, Section, open_sale
from tiketi.seats.schemas import SeatMapView

PLAIN = {"accept-encoding": "identity"}


async def test_a_seat_map_has_the_shape_of_the_contract(runtime, client):
    event = await open_sale(runtime, sections=(Section("VIP", 1, 2), Section("B", 2, 1)))
    answer = await client.get(f"/events/{event.id}/seats")
    vip, b = event.tiers
    flags = {"accessible": False, "companion": False}
    assert answer.json() == {
        "event_id": str(event.id),
        "map_version": 1,
        "sections": [
            {
                "id": "VIP",
                "name": "VIP",
                "title": "VIP",
                "tier_id": str(vip.id),
                "rows": [
                    {
                        "name": "1",
                        "seats": [
                            {"id": "VIP-1-1", "x": -0.5, "y": 0.0, **flags},
                            {"id": "VIP-1-2", "x": 0.5, "y": 0.0, **flags},
                        ],
                    }
                ],
            },
            {
                "id": "B",
                "name": "B",
                "title": "B",
                "tier_id": str(b.id),
                "rows": [
                    {"name": "1", "seats": [{"id": "B-1-1", "x": 0.0, "y": 2.0, **flags}]},
                    {"name": "2", "seats": [{"id": "B-2-1", "x": 0.0, "y": 3.0, **flags}]},
                ],
            },
        ],
    }
    SeatMapView.model_validate_json(answer.content)


async def test_an_event_without_seats_has_no_sections(runtime, client):
    event = await open_sale(runtime, sections=(), general=(General(),))
    answer = await client.get(f"/events/{event.id}/seats")
    assert answer.json() == {"event_id": str(event.id), "map_version": 1, "sections": []}


async def test_it_is_kept_for_thirty_seconds_and_validated_by_its_tag(runtime, client):
    event = await open_sale(runtime)
    answer = await client.get(f"/events/{event.id}/seats")
    assert answer.headers["cache-control"] == "public, max-age=30"
    assert answer.headers["vary"] == "Accept-Encoding"
    etag = answer.headers["etag"]
    for headers in ({}, PLAIN):
        again = await client.get(
            f"/events/{event.id}/seats", headers={"if-none-match": etag, **headers}
        )
        assert (again.status_code, again.content) == (304, b"")
    other = await open_sale(runtime)
    assert (await client.get(f"/events/{other.id}/seats")).headers["etag"] != etag


async def test_the_same_map_comes_compressed_or_plain(runtime, client):
    event = await open_sale(runtime)
    packed = await client.get(f"/events/{event.id}/seats")
    plain = await client.get(f"/events/{event.id}/seats", headers=PLAIN)
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert packed.headers["etag"] == plain.headers["etag"]
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 5


async def test_it_outlives_the_database(runtime, client, clock):
    event = await open_sale(runtime)
    before = await client.get(f"/events/{event.id}/seats")
    async with database_away(client.runtime):
        clock.advance(seconds=400)
        await age_copies(runtime, seconds=400)
        answer = await client.get(f"/events/{event.id}/seats")
        assert (answer.status_code, answer.content) == (200, before.content)
        assert int(answer.headers["age"]) >= 400


@pytest.fixture
async def stadium(runtime):
    return await open_sale(runtime, sections=[Section(f"S{n}", 50, 100) for n in range(10)])


async def test_fifty_thousand_seats_fit_in_small_answers(runtime, client, stadium):
    seats = await client.get(f"/events/{stadium.id}/seats")
    assert int(seats.headers["content-length"]) < 500_000
    sections = orjson.loads(seats.content)["sections"]
    assert sum(len(row["seats"]) for section in sections for row in section["rows"]) == 50_000

    states = await client.get(f"/events/{stadium.id}/availability")
    assert states.headers["content-encoding"] == "gzip"
    assert int(states.headers["content-length"]) < 2_000
    assert {len(text) for text in states.json()["sections"].values()} == {5_000}


async def test_fifty_thousand_seats_half_sold_at_random_fit_in_one_small_answer(
    runtime, client, stadium
):
    """The worst there is to compress, and locks with it."""
    async with runtime.database.transaction() as tx:
        await tx.execute(_SELL_HALF, {"event_id": stadium.id})
    answer = await client.get(f"/events/{stadium.id}/availability")
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 16_000
    shown = "".join(answer.json()["sections"].values())
    assert 24_000 < shown.count("s") + shown.count("h") < 26_000
    tag = {"if-none-match": answer.headers["etag"]}
    again = await client.get(f"/events/{stadium.id}/availability", headers=tag)
    assert (again.status_code, again.content) == (304, b"")


_SELL_HALF = text("""
    UPDATE seats.seat SET reservation_id = gen_random_uuid(),
        state = CASE WHEN random() < 0.5 THEN 's' ELSE 'h' END::"char"
    WHERE event_id = :event_id AND random() < 0.5""")


async def test_a_map_is_read_once_for_many(runtime, client, stadium):
    """What follows the first read costs the process no rendering."""
    path = f"/events/{stadium.id}/seats"
    await client.get(path)
    async with database_away(client.runtime):
        started = runtime.clock.monotonic()
        request = client.http.build_request("GET", f"/api/v1{path}")
        for _ in range(20):
            answer = await client.http.send(request, stream=True)
            raw = b"".join([part async for part in answer.aiter_raw()])
            await answer.aclose()
        assert runtime.clock.monotonic() - started < 2
    assert len(gzip.decompress(raw)) > 3_000_000
