"""Best available in halls drawn seat by seat, and by a crowd."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import text

from tests.http.admin.house import hire
from tests.support.client import open_client
from tests.support.on_sale import Section, open_sale
from tiketi.infra.runtime import open_runtime
from tiketi.kernel.actor import Role
from tiketi.kernel.ids import new_id
from tiketi.services.registry import EDGE

ROW = [
    {"number": 1, "x": 0, "y": 0},
    {"number": 2, "x": 1, "y": 0, "accessible": True},
    {"number": 3, "x": 2, "y": 0, "companion": True},
    {"number": 4, "x": 3, "y": 0, "companion": True},
]


@pytest.fixture
async def admin(client):
    return await hire(client, Role.ADMIN, "admin")


@pytest.fixture
def draw(admin):
    """An event whose only section is drawn so."""

    async def draw(rows, **more):
        sections = [{"name": "A", "price": 10_000, "rows": rows, **more}]
        layout = await admin.make_layout(sections=sections)
        return await admin.make_event(publish=True, layout_id=layout["id"], tiers=[])

    return draw


async def ask(client, event_id, token=None, **wish):
    return await client.post(
        "/reservations/best-available",
        {"event_id": str(event_id), **wish},
        token=token or client.token(),
        headers={"Idempotency-Key": str(new_id())},
    )


async def best(client, event, **wish):
    body = (await ask(client, event["id"], **wish)).json()
    return body["code"] if "code" in body else [item["seat_id"] for item in body["items"]]


async def test_accessible_is_an_accessible_seat_and_companions_sit_beside_it(client, draw):
    event = await draw([{"name": "1", "seats": ROW}])
    assert await best(client, event, quantity=2, accessible=True) == ["A-1-2", "A-1-3"]
    assert await best(client, event, quantity=1, accessible=True) == "no_seats_together"


async def test_one_accessible_seat_is_no_companions_seat(client, draw):
    event = await draw([{"name": "1", "seats": ROW}])
    assert await best(client, event, quantity=1, accessible=True) == ["A-1-2"]


async def test_nobody_else_is_given_those_seats(client, draw):
    event = await draw([{"name": "1", "seats": ROW}])
    assert await best(client, event, quantity=1) == ["A-1-1"]
    assert await best(client, event, quantity=1) == "no_seats_together"


async def test_a_layout_may_say_where_its_best_seats_are(client, draw):
    rows = [{"name": "1", "seats": [{"number": n, "x": n, "y": 0} for n in range(1, 7)]}]
    event = await draw(rows, focal_point={"x": 6, "y": 0})
    assert await best(client, event, quantity=2) == ["A-1-5", "A-1-6"]


async def test_a_map_drawn_before_distances_were_measured_counts_rows_and_numbers(client, runtime):
    event = await open_sale(runtime, sections=[Section(rows=3, seats_per_row=5)])
    async with runtime.database.transaction() as tx:
        await tx.execute(text("UPDATE seats.seat_map SET distances = NULL, aisles = NULL"))
    answer = await ask(client, event.id, quantity=3)
    assert [item["seat_id"] for item in answer.json()["items"]] == ["A-1-1", "A-1-2", "A-1-3"]
    answer = await ask(client, event.id, quantity=3)
    assert [item["seat_id"] for item in answer.json()["items"]] == ["A-2-1", "A-2-2", "A-2-3"]


async def test_neighbours_do_not_sit_across_an_aisle(client, draw):
    seats = [{"number": n, "x": n + 3 * (n > 2), "y": 0} for n in range(1, 7)]
    event = await draw([{"name": "1", "seats": seats}])
    assert await best(client, event, quantity=3) == ["A-1-3", "A-1-4", "A-1-5"]
    assert await best(client, event, quantity=3) == "no_seats_together"
    assert await best(client, event, quantity=3, adjacent=False) == ["A-1-1", "A-1-2", "A-1-6"]


async def test_seats_given_back_are_offered_at_once(client, runtime):
    event = await open_sale(runtime, sections=[Section(rows=1, seats_per_row=2)])
    token = client.token()
    held = await ask(client, event.id, token, quantity=2)
    assert (await ask(client, event.id, quantity=2)).json()["code"] == "no_seats_together"
    await client.post(f"/reservations/{held.json()['id']}/cancel", token=token)
    assert (await ask(client, event.id, quantity=2)).status_code == 201


async def test_ones_own_locked_seats_may_be_the_best(client, runtime):
    event = await open_sale(runtime, sections=[Section(rows=1, seats_per_row=2)])
    token = client.token()
    lock = {"event_id": str(event.id), "seat_ids": ["A-1-1", "A-1-2"]}
    await client.post("/reservations/locks", lock, token=token)
    assert (await ask(client, event.id, quantity=2)).json()["code"] == "no_seats_together"
    assert (await ask(client, event.id, token, quantity=2)).status_code == 201


@pytest.mark.parametrize("processes", [1, 2])
async def test_60_pairs_at_once_on_100_seats_sit_together_and_leave_nobody_alone(
    client, runtime, settings, processes
):
    event = await open_sale(runtime, sections=[Section(rows=10, seats_per_row=10)])
    other = open_runtime(settings, service="other")
    async with open_client(other, EDGE) as second:
        doors = [client, second][:processes]
        answers = await asyncio.gather(
            *(ask(doors[n % processes], event.id, quantity=2) for n in range(60))
        )
    await other.close()
    outcomes = Counter(answer.status_code for answer in answers)
    assert set(outcomes) == {201, 409}
    refused = [answer.json()["code"] for answer in answers if answer.status_code == 409]
    assert set(refused) == {"no_seats_together"}
    pairs = [
        [item["seat_id"].split("-") for item in answer.json()["items"]]
        for answer in answers
        if answer.status_code == 201
    ]
    for left, right in pairs:
        assert left[1] == right[1]
        assert int(right[2]) == int(left[2]) + 1
    assert len({tuple(seat) for pair in pairs for seat in pair}) == 2 * len(pairs)
    assert len(pairs) == 50
    async with runtime.database.latest() as reader:
        states = await reader.execute(text("SELECT state::text FROM seats.seat"))
        assert set(states.scalars()) == {"h"}
