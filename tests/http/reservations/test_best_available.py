"""Best available in a hall drawn seat by seat."""

import pytest

from tests.http.admin.house import hire
from tiketi.kernel.actor import Role
from tiketi.kernel.ids import new_id

ROW = [
    {"number": 1, "x": 0, "y": 0},
    {"number": 2, "x": 1, "y": 0, "accessible": True},
    {"number": 3, "x": 2, "y": 0, "companion": True},
    {"number": 4, "x": 3, "y": 0, "companion": True},
]


@pytest.fixture
async def event(client):
    admin = await hire(client, Role.ADMIN, "admin")
    sections = [{"name": "A", "price": 10_000, "rows": [{"name": "1", "seats": ROW}]}]
    layout = await admin.make_layout(sections=sections)
    return await admin.make_event(publish=True, layout_id=layout["id"])


@pytest.fixture
def best(client, event):
    async def ask(**wish):
        answer = await client.post(
            "/reservations/best-available",
            {"event_id": event["id"], **wish},
            token=client.token(),
            headers={"Idempotency-Key": str(new_id())},
        )
        body = answer.json()
        return body["code"] if "code" in body else [item["seat_id"] for item in body["items"]]

    return ask


async def test_accessible_is_an_accessible_seat_and_companions_sit_beside_it(best):
    assert await best(quantity=2, accessible=True) == ["A-1-2", "A-1-3"]
    assert await best(quantity=1, accessible=True) == "no_seats_together"


async def test_one_accessible_seat_is_no_companions_seat(best):
    assert await best(quantity=1, accessible=True) == ["A-1-2"]


async def test_nobody_else_is_given_those_seats(best):
    assert await best(quantity=1) == ["A-1-1"]
    assert await best(quantity=1) == "no_seats_together"
