"""What an offer is worth: it is paid for, it stands in for a pass, it is told of, it is kept."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.clock import ShiftedClock
from tests.support.on_sale import Section, open_sale
from tests.support.paying import Buyer, audit, expire_hold
from tests.support.selling import cancel, order, outcome, states
from tests.support.waiting_list import Waiter, sell_out, serve
from tiketi.events import api as events
from tiketi.reservations.loops import sweep

ROW = [f"A-1-{number}" for number in range(1, 7)]


async def open_row(runtime, **options):
    return await open_sale(runtime, sections=[Section("A", rows=1, seats_per_row=6)], **options)


@pytest.fixture
async def event(runtime):
    runtime.clock = ShiftedClock()
    return await open_row(runtime)


def buyer_of(waiter, event):
    return Buyer(waiter.client, event, waiter.user_id)


async def test_who_pays_for_the_offer_has_bought_and_a_refund_goes_to_the_next(
    client, runtime, event
):
    sold = await sell_out(client, event.id, ROW)
    anna = await Waiter(client, event.id).wait()
    boris = await Waiter(client, event.id).wait()
    await cancel(client, *sold[1])
    await serve(runtime)
    payment = await buyer_of(anna, event).buy("A-1-2")
    await serve(runtime)
    assert await anna.status() == "bought"
    assert (await anna.look())["offer"] is None
    assert await states(runtime, str(event.id)) == "hshhhh"
    assert (await buyer_of(anna, event).refund(payment)).status_code == 200
    assert (await states(runtime, str(event.id)))[1] == "b"
    await serve(runtime)
    assert await boris.offered() == ["A-1-2"]
    assert await audit(runtime) == []


async def test_a_hold_of_an_offer_that_expires_leaves_the_offer_as_it_was(client, runtime, event):
    sold = await sell_out(client, event.id, ROW)
    anna = await Waiter(client, event.id).wait()
    boris = await Waiter(client, event.id).wait()
    await cancel(client, *sold[1])
    await serve(runtime)
    held = await anna.buy(seat_ids=["A-1-2"])
    await expire_hold(runtime, held.json()["id"])
    await serve(runtime)
    assert await anna.offered() == ["A-1-2"]
    held = await anna.buy(seat_ids=["A-1-2"])
    async with runtime.database.transaction() as tx:
        await tx.execute(text(
            "UPDATE reservations.reservation SET expires_at = now() + interval '1 day'"
        ))  # fmt: skip
    runtime.clock.advance(seconds=runtime.settings.offer_ttl_seconds + 1)
    await serve(runtime)
    # Who is paying has it, until their hold ends.
    assert await boris.offered() is None
    await expire_hold(runtime, held.json()["id"])
    await serve(runtime)
    assert await boris.offered() == ["A-1-2"]
    assert await anna.status() == "expired"
    assert await audit(runtime) == []


async def test_who_pays_late_takes_their_own_offer_again_but_never_anothers(client, runtime, event):
    sold = await sell_out(client, event.id, ROW)
    anna = await Waiter(client, event.id).wait()
    await cancel(client, *sold[1])
    await serve(runtime)
    payment = await buyer_of(anna, event).begin("A-1-2")
    await expire_hold(runtime, payment["reservation_id"])
    answer = await buyer_of(anna, event).confirm(payment)
    assert answer.json()["status"] == "succeeded"

    boris, clara = Buyer(client, event), await Waiter(client, event.id).wait()
    await cancel(client, *sold[2])
    await serve(runtime)
    await clara.leave()
    await serve(runtime)
    payment = await boris.begin("A-1-3")
    await clara.wait()
    await expire_hold(runtime, payment["reservation_id"])
    # Before it is offered, and afterwards.
    assert (await states(runtime, str(event.id)))[2] == "b"
    await serve(runtime)
    assert await clara.offered() == ["A-1-3"]
    assert (await boris.confirm(payment)).json()["status"] == "refunded"
    assert outcome(await clara.buy(seat_ids=["A-1-3"])) == "held"
    assert await audit(runtime) == []


async def test_an_offer_stands_in_for_the_pass_for_what_is_offered_and_nothing_else(
    client, runtime
):
    runtime.clock = ShiftedClock()
    event = await open_row(runtime)
    sold = await sell_out(client, event.id, ROW)
    anna = await Waiter(client, event.id).wait(2)
    await cancel(client, *sold[1])
    await cancel(client, *sold[2])
    await serve(runtime)
    await cancel(client, *sold[5])
    await serve(runtime)
    async with runtime.database.transaction() as tx:
        await events.set_queue_enabled(tx, event.id, enabled=True)
    runtime.clock.advance(seconds=5)  # who has read the event reads it again
    assert outcome(await order(client, anna.event_id, seat_ids=["A-1-6"])) == "queue_pass_required"
    assert outcome(await anna.buy(seat_ids=["A-1-6"])) == "queue_pass_required"
    assert outcome(await anna.buy(seat_ids=["A-1-2", "A-1-6"])) == "queue_pass_required"
    best = await client.post(
        "/reservations/best-available",
        {"event_id": anna.event_id, "quantity": 1},
        token=anna.token,
        headers={"Idempotency-Key": "k"},
    )
    assert best.json()["items"][0]["seat_id"] in ("A-1-2", "A-1-3")
    left = {"A-1-2", "A-1-3"} - {best.json()["items"][0]["seat_id"]}
    assert outcome(await anna.buy(seat_ids=sorted(left))) == "held"


async def test_a_letter_tells_of_the_offer(client, runtime, event):
    person = {"email": "anna@example.com", "password": "correct horse", "name": "Anna"}
    answer = (await client.post("/auth/register", person)).json()
    sold = await sell_out(client, event.id, ROW)
    anna = Waiter(client, event.id)
    anna.user_id = UUID(answer["user"]["id"])
    await anna.wait()
    await cancel(client, *sold[1])
    await serve(runtime)
    async with runtime.database.latest() as reader:
        rows = await reader.execute(text("SELECT payload FROM infra.outbox WHERE topic = 'mail'"))
        (mail,) = rows.scalars()
    assert mail["to"] == "anna@example.com"
    assert "A-1-2" in mail["body_text"]


async def test_a_party_passed_over_too_often_has_places_gathered_for_it(client, runtime, event):
    sold = await sell_out(client, event.id, ROW)
    party = await Waiter(client, event.id).wait(3, adjacent=False)
    singles = [await Waiter(client, event.id).wait() for _ in range(5)]
    most = runtime.settings.waiting_list_passed_over_max
    for number in range(most):
        await cancel(client, *sold[number])
        await serve(runtime)
        assert await singles[number].offered() == [ROW[number]]
    for number in range(most, 6):
        assert await party.status() == "waiting"
        await cancel(client, *sold[number])
        await serve(runtime)
        assert await singles[most].status() == "waiting"
    assert await party.offered() == ROW[most:]
    assert await audit(runtime) == []


async def test_what_gathers_too_long_goes_to_those_behind(client, runtime, event):
    sold = await sell_out(client, event.id, ROW)
    party = await Waiter(client, event.id).wait(3)
    singles = [await Waiter(client, event.id).wait() for _ in range(4)]
    for number in range(4):
        await cancel(client, *sold[number])
        await serve(runtime)
    assert [await each.offered() for each in singles[2:]] == [[ROW[2]], None]
    runtime.clock.advance(seconds=runtime.settings.waiting_list_gather_seconds_max + 1)
    async with runtime.database.transaction() as tx:
        await tx.execute(text(
            "UPDATE reservations.waiting_entry SET expires_at = now() + interval '1 day' "
            "WHERE status = 'offered'"
        ))  # fmt: skip
    await serve(runtime)
    assert await singles[3].status() == "offered"
    assert await party.status() == "waiting"


async def test_a_cancelled_event_ends_every_wait_and_offer(client, runtime, event):
    sold = await sell_out(client, event.id, ROW)
    anna = await Waiter(client, event.id).wait()
    boris = await Waiter(client, event.id).wait()
    await cancel(client, *sold[1])
    await serve(runtime)
    async with runtime.database.transaction() as tx:
        await events.cancel_event(tx, event.id, now=runtime.clock.now())
    await sweep(runtime)
    await serve(runtime)
    assert [await anna.status(), await boris.status()] == ["expired", "expired"]
    assert await states(runtime, str(event.id)) == "a" * 6
    assert await audit(runtime) == []


async def test_a_seat_that_came_free_under_a_lock_is_offered_when_that_is_gone(
    client, runtime, event
):
    sold = await sell_out(client, event.id, ROW)
    anna = await Waiter(client, event.id).wait()
    boris = await Waiter(client, event.id).wait()
    await cancel(client, *sold[1])
    await serve(runtime)
    body = {"event_id": anna.event_id, "seat_ids": ["A-1-2"]}
    assert (await client.post("/reservations/locks", body, token=boris.token)).status_code == 409
    lock = await client.post("/reservations/locks", body, token=anna.token)
    assert lock.status_code == 201
    await anna.leave()
    await serve(runtime)
    assert await boris.offered() is None
    assert (await states(runtime, str(event.id)))[1] == "b"
    path = f"/reservations/locks/{lock.json()['lock_id']}"
    assert (await client.delete(path, token=anna.token)).status_code == 204
    await serve(runtime)
    assert await boris.offered() == ["A-1-2"]
    assert outcome(await boris.buy(seat_ids=["A-1-2"])) == "held"


async def test_an_offer_ends_with_the_sale(client, runtime):
    runtime.clock = ShiftedClock()
    event = await open_row(runtime, closes_in=timedelta(minutes=5))
    sold = await sell_out(client, event.id, ROW)
    anna = await Waiter(client, event.id).wait()
    await cancel(client, *sold[1])
    await serve(runtime)
    shown = (await anna.look())["offer"]["expires_at"]
    page = await client.get(f"/events/{event.id}")
    assert shown == page.json()["sale_closes_at"]
