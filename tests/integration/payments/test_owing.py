"""Money that goes back without a request: cancelled reservations, cancelled events."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.on_sale import Section, open_sale
from tests.support.paying import WEBHOOK_NEVER, Buyer, audit, count_rows
from tiketi.auth import api as auth
from tiketi.events import api as events
from tiketi.events.api import RefundPolicy
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.errors import NotFound
from tiketi.kernel.ids import new_id
from tiketi.payments import api as payments
from tiketi.payments import owing
from tiketi.payments.loops import reconcile, refund


async def cancel(buyer, payment):
    path = f"/reservations/{payment['reservation_id']}/cancel"
    return await buyer.client.post(path, token=buyer.token)


async def cancel_event(runtime, event) -> None:
    async with runtime.database.transaction() as tx:
        await events.cancel_event(tx, event.id, now=runtime.clock.now())


async def until_nothing_is_due(runtime) -> None:
    while await refund(runtime):
        pass
    await refund(runtime)


async def test_a_cancelled_reservation_is_refunded_in_full(anna, runtime):
    payment = await anna.buy("A-1-1")
    assert (await cancel(anna, payment)).json()["status"] == "cancelled"
    assert await anna.ticket_statuses(payment) == ["void"]
    await asyncio.gather(*(refund(runtime) for _ in range(3)))
    await until_nothing_is_due(runtime)
    refunded = await anna.look(payment)
    assert (refunded["status"], refunded["refunded_amount"]) == ("refunded", 50_000)
    assert refunded["refunds"][0]["reason"] == "cancelled_by_buyer"
    assert (await anna.look_at_reservation(payment))["status"] == "refunded"
    assert await count_rows(runtime, "sandbox.refund") == 1
    assert await audit(runtime) == []


async def test_a_cancelled_reservation_is_refunded_as_the_policy_says(client, clock, runtime):
    event = await open_sale(
        runtime, sections=[Section("B")], refund_policy=RefundPolicy(percent=30)
    )
    anna = Buyer(client, event)
    payment = await anna.buy("B-1-1")
    await cancel(anna, payment)
    await until_nothing_is_due(runtime)
    refunded = await anna.look(payment)
    assert (refunded["status"], refunded["refunded_amount"]) == ("partially_refunded", 15_000)
    assert (await anna.look_at_reservation(payment))["status"] == "cancelled"
    assert await audit(runtime) == []


async def test_what_went_back_before_counts(anna, client, runtime):
    payment = await anna.buy("A-1-1")
    await anna.refund(payment, 20_000)
    await cancel(anna, payment)
    await until_nothing_is_due(runtime)
    refunded = await anna.look(payment)
    assert [one["amount"] for one in refunded["refunds"]] == [20_000, 30_000]
    assert refunded["status"] == "refunded"
    assert await audit(runtime) == []


async def test_cancelling_and_refunding_at_once_gives_back_once(anna, runtime):
    payment = await anna.buy("A-1-1")
    await asyncio.gather(anna.refund(payment), cancel(anna, payment), anna.refund(payment))
    await until_nothing_is_due(runtime)
    assert (await anna.look(payment))["refunded_amount"] == 50_000
    assert await count_rows(runtime, "sandbox.refund") == 1
    assert await audit(runtime) == []


@pytest.mark.timeout(240)
async def test_a_cancelled_event_gives_everything_back(client, event, runtime, clock, settings):
    buyers = [Buyer(client, event) for _ in range(owing.BATCH_MAX + 10)]
    bought = [
        await buyer.buy(f"A-{n // 20 + 1}-{n % 20 + 1}") for n, buyer in enumerate(buyers[:-2])
    ]
    await buyers[0].refund(bought[0], 20_000)
    await buyers[1].refund(bought[1])
    slow = await buyers[-1].begin("A-10-1")
    await buyers[-1].confirm(slow, WEBHOOK_NEVER)
    await cancel_event(runtime, event)
    await asyncio.gather(refund(runtime), refund(runtime))
    await until_nothing_is_due(runtime)
    for buyer, payment in zip(buyers, bought, strict=False):
        assert (await buyer.look(payment))["status"] == "refunded"
    # What succeeds only now goes back as well.
    clock.advance(seconds=settings.payment_reconcile_after_seconds + 1)
    await reconcile(runtime)
    assert (await buyers[-1].look(slow))["status"] == "refunded"
    assert await count_rows(runtime, "sandbox.refund") == len(bought) + 2
    assert await audit(runtime) == []


async def test_buyers_are_written_to(client, runtime, clock):
    event = await open_sale(runtime, sections=[Section("B")])
    async with runtime.database.transaction() as tx:
        ids = await auth.enrol_users(
            tx, emails=["anna@tiketi.test", "boris@tiketi.test"], now=clock.now()
        )
    anna, boris = (Buyer(client, event, user_id) for user_id in ids)
    await anna.refund(await anna.buy("B-1-1"), 20_000)
    await boris.buy("B-1-2")
    await cancel_event(runtime, event)
    await asyncio.gather(*(until_nothing_is_due(runtime) for _ in range(3)))
    await until_nothing_is_due(runtime)
    async with runtime.database.latest() as reader:
        rows = await reader.execute(
            text("SELECT payload FROM infra.outbox WHERE topic = 'mail' ORDER BY id")
        )
        letters = [(row.payload["to"].split("@")[0], row.payload["subject"]) for row in rows]
    told = [(to, subject.rpartition(" · ")[2]) for to, subject in letters]
    assert [subject for to, subject in told if to == "anna"] == [
        "Reservation confirmed",
        "Refunded",
        "Event cancelled",
        "Refunded",
    ]
    assert [subject for to, subject in told if to == "boris"] == [
        "Reservation confirmed",
        "Event cancelled",
        "Refunded",
    ]


async def test_other_events_keep_their_money(anna, client, runtime, clock):
    other = Buyer(client, await open_sale(runtime, sections=[Section("B")]))
    kept, given = await anna.buy("A-1-1"), await other.buy("B-1-1")
    await cancel_event(runtime, other.event)
    await until_nothing_is_due(runtime)
    assert (await anna.look(kept))["status"] == "succeeded"
    assert (await other.look(given))["status"] == "refunded"
    assert await audit(runtime) == []


async def test_the_door_refunds_a_reservation_as_its_actor_may(anna, runtime):
    payment = await anna.buy("A-1-1")
    reservation_id, admin = UUID(payment["reservation_id"]), Actor(new_id(), Role.ADMIN)
    for _ in range(2):
        part = await payments.refund_reservation(
            runtime, reservation_id, admin, 10_000, "goodwill", request_key="k"
        )
        assert (part.status, part.refunded_minor) == ("partially_refunded", 10_000)
    for actor in (Actor(new_id(), Role.ORGANIZER), Actor(new_id(), Role.STAFF)):
        with pytest.raises(NotFound):
            await payments.refund_reservation(
                runtime, reservation_id, actor, None, None, request_key="k"
            )
    whole = await payments.refund_reservation(
        runtime, reservation_id, admin, None, None, request_key="k2"
    )
    assert whole.status == "refunded"
    async with runtime.database.latest() as reader:
        found = await payments.find_for_reservations(reader, [reservation_id, new_id()])
        listed = await payments.list_payments(reader, event_ids=None, after=None, most=10)
    assert found == {reservation_id: [whole]}
    assert listed == [whole]
    assert await audit(runtime) == []
