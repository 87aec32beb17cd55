"""Who comes back to an order of their own finds it, and is not told that it is taken."""

import pytest
from sqlalchemy import text

from tests.support.on_sale import General, open_sale
from tiketi.events import api as events
from tiketi.kernel.ids import new_id


@pytest.fixture
async def event(runtime):
    limits = events.Limits(seats_per_order=4, seats_per_user=4)
    return await open_sale(runtime, general=[General(capacity=2)], limits=limits)


@pytest.fixture
def order(client, event):
    async def send(token, seats=(), key=None, **more):
        body = {"event_id": str(event.id), "seat_ids": list(seats), **more}
        headers = {"Idempotency-Key": key or str(new_id())}
        return await client.post("/reservations", body, token=token, headers=headers)

    return send


async def test_the_same_seats_again_are_the_reservation_that_holds_them(client, order):
    token = client.token()
    first = await order(token, ["A-1-1", "A-1-2"])
    again = await order(token, ["A-1-2", "A-1-1"])
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    # Coming back prolongs nothing.
    assert again.json()["expires_at"] == first.json()["expires_at"]


async def test_the_limit_counts_them_once(client, order):
    token, seats = client.token(), ["A-1-1", "A-1-2", "A-1-3", "A-1-4"]
    first = await order(token, seats)
    assert (await order(token, seats)).json()["id"] == first.json()["id"]
    refused = await order(token, ["A-2-1"])
    assert (refused.status_code, refused.json()["code"]) == (409, "limit_exceeded")


async def test_the_last_general_places_are_not_sold_out_to_who_holds_them(client, event, order):
    token = client.token()
    wish = [{"tier_id": str(event.tiers[-1].id), "quantity": 2}]
    first = await order(token, general=wish)
    assert (await order(token, general=wish)).json()["id"] == first.json()["id"]
    stranger = await order(client.token(), general=wish)
    assert (stranger.status_code, stranger.json()["code"]) == (409, "sold_out")


async def test_its_key_gives_the_same_answer_afterwards(client, order):
    token = client.token()
    await order(token, ["A-1-1"])
    again = await order(token, ["A-1-1"], key="mine")
    replayed = await order(token, ["A-1-1"], key="mine")
    assert replayed.content == again.content
    assert replayed.headers["idempotent-replayed"] == "true"
    reused = await order(token, ["A-1-2"], key="mine")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


async def test_other_seats_than_those_held_are_judged_as_always(client, order):
    token = client.token()
    await order(token, ["A-1-1", "A-1-2"])
    refused = await order(token, ["A-1-1"])
    assert (refused.status_code, refused.json()["code"]) == (409, "seat_taken")


async def test_somebody_elses_are_taken(client, order):
    await order(client.token(), ["A-1-1"])
    refused = await order(client.token(), ["A-1-1"])
    assert (refused.status_code, refused.json()["seat_ids"]) == (409, ["A-1-1"])


async def test_a_hold_whose_time_is_over_is_not_resumed(runtime, client, order):
    token = client.token()
    await order(token, ["A-1-1"])
    async with runtime.database.transaction() as tx:
        await tx.execute(text("UPDATE reservations.reservation SET expires_at = now()"))
    # Its seats come back with the next sweep; until then they are its own, and not for sale.
    again = await order(token, ["A-1-1"])
    assert (again.status_code, again.json()["code"]) == (409, "seat_taken")
