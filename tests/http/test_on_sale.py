"""A whole on-sale through every service's door, on one server and on six shards."""

import asyncio
from uuid import uuid4

from tests.support.on_sale import Section, open_sale
from tests.support.paying import GOOD
from tests.support.stores import ON_EACH_STORE
from tests.support.waiting_room import admit_until_inside
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.ids import new_id
from tiketi.queue import api as queue


async def _open(runtime):
    event = await open_sale(
        runtime, sections=[Section("A", rows=2, seats_per_row=4)], queue_enabled=True
    )
    async with runtime.database.transaction() as tx:
        room = queue.WaitingRoomSettings(enabled=True, capacity=5, rate_per_minute=100_000)
        await queue.open_room(tx, runtime, event.id, room)
    return event


def _acting(client, user_id, pass_token=None):
    headers = {
        "Idempotency-Key": str(uuid4()),
        **({"Queue-Pass": pass_token} if pass_token else {}),
    }
    return {"token": client.token(user_id), "headers": headers}


async def _go_through(client, runtime, event, number):
    """What one buyer comes home with: tickets, or None where the seats were gone."""
    user_id = new_id()
    joined = await client.post(f"/queue/{event.id}/join", None, **_acting(client, user_id))
    assert joined.status_code == 200, joined.text
    inside = await admit_until_inside(runtime, event.id, Actor(user_id, Role.USER))
    seat = {"event_id": str(event.id), "seat_ids": [f"A-{1 + number % 2}-{1 + number // 2 % 4}"]}
    acting = lambda: _acting(client, user_id, inside.pass_token)  # noqa: E731 # a fresh key each
    held = await client.post("/reservations", seat, **acting())
    if held.status_code == 409:
        await client.post(f"/queue/{event.id}/leave", None, **acting())
        return None
    assert held.status_code == 201, held.text
    reservation_id = held.json()["id"]
    payment = await client.post("/payments", {"reservation_id": reservation_id}, **acting())
    card = {"card": {"number": GOOD}}
    paid = await client.post(f"/payments/{payment.json()['id']}/confirm", card, **acting())
    assert paid.json()["status"] == "succeeded", paid.text
    tickets = await client.get(
        f"/reservations/{reservation_id}/tickets", token=client.token(user_id)
    )
    return tickets.json()["items"]


@ON_EACH_STORE
async def test_a_crowd_sells_an_event_out_by_way_of_the_waiting_room(client, runtime):
    event = await _open(runtime)
    homes = await asyncio.gather(
        *(_go_through(client, runtime, event, number) for number in range(20))
    )
    sold = [ticket["seat_id"] for tickets in homes if tickets for ticket in tickets]
    assert sorted(sold) == [f"A-{row}-{number}" for row in (1, 2) for number in range(1, 5)]
    assert await queue.count_over_capacity(runtime) == 0
