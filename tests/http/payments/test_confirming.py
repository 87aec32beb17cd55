import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.support.paying import (
    DECLINED,
    GOOD,
    INSUFFICIENT,
    REDIRECT,
    WEBHOOK_LATER,
    WEBHOOK_NEVER,
    Buyer,
    audit,
    expire_hold,
)
from tiketi.payments.loops import reconcile, send_sandbox_webhooks


async def captured(runtime) -> int:
    async with runtime.database.latest() as reader:
        found = await reader.execute(
            text("SELECT count(*) FROM sandbox.charge WHERE status = 'captured'")
        )
        return found.scalar_one()


async def test_a_good_card_ends_in_tickets(anna, runtime):
    payment = await anna.begin("A-1-1", "A-1-2")
    answer = await anna.confirm(payment)
    assert answer.status_code == 200
    assert answer.json() == {**payment, "status": "succeeded", "client": {}}
    assert (await anna.look_at_reservation(payment))["status"] == "confirmed"
    assert await anna.ticket_statuses(payment) == ["valid", "valid"]
    assert await audit(runtime) == []


@pytest.mark.parametrize(
    ("card", "failure_code"), [(DECLINED, "card_declined"), (INSUFFICIENT, "insufficient_funds")]
)
async def test_a_declined_card_leaves_the_hold_for_another_try(anna, runtime, card, failure_code):
    payment = await anna.begin("A-1-1")
    answer = await anna.confirm(payment, card)
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")
    assert answer.json()["failure_code"] == failure_code
    again = await anna.confirm(payment)
    assert (again.status_code, again.json()["code"]) == (409, "payment_final")
    second = await anna.start(payment["reservation_id"])
    assert second["id"] != payment["id"]
    assert (await anna.confirm(second)).json()["status"] == "succeeded"
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert await audit(runtime) == []


async def test_confirming_a_success_again_is_the_same(anna, runtime):
    payment = await anna.begin("A-1-1")
    first = await anna.confirm(payment)
    for card in (GOOD, DECLINED, None):
        again = await anna.confirm(payment, card)
        assert (again.status_code, again.json()) == (200, first.json())
    assert await captured(runtime) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"card": {"number": "4111111111111111"}},
        {"card": {"number": ""}},
        {"card": {}},
        {"card": {"number": 4242424242424242}},
        {"card": "4242424242424242"},
        {"card": {"number": GOOD, "cvc": "123"}},
        {"token": "x"},
        {},
    ],
)
async def test_no_charge_is_made_of_what_is_no_test_card(anna, client, body):
    payment = await anna.begin("A-1-1")
    path = f"/payments/{payment['id']}/confirm"
    answer = await client.post(path, body, token=anna.token)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert (await anna.look(payment)) == payment


@pytest.mark.parametrize("card", [GOOD, DECLINED, WEBHOOK_LATER, WEBHOOK_NEVER, REDIRECT])
async def test_fifteen_parallel_confirms_charge_once_and_agree(anna, runtime, card):
    payment = await anna.begin("A-1-1")
    answers = await asyncio.gather(*(anna.confirm(payment, card) for _ in range(15)))
    told = {answer.json()["status"] for answer in answers if answer.status_code == 200}
    refused = {answer.json()["code"] for answer in answers if answer.status_code != 200}
    # Whoever asks after the first answer is out is told what has become of it since.
    afterwards = {WEBHOOK_NEVER: {"processing", "succeeded"}, GOOD: {"succeeded"}}
    assert told <= {DECLINED: {"failed"}, **afterwards}.get(card, {"processing"})
    assert refused <= ({"payment_final"} if card == DECLINED else set())
    assert await captured(runtime) == (1 if card in afterwards else 0)
    if card == WEBHOOK_NEVER:
        assert (await anna.confirm(payment, card)).json()["status"] == "succeeded"
    assert await audit(runtime) == []


async def test_parallel_payments_of_many_buyers_all_succeed(client, event, runtime):
    buyers = [Buyer(client, event) for _ in range(24)]
    begun = [await buyer.begin(f"A-{n % 12 + 1}-{n // 12 + 1}") for n, buyer in enumerate(buyers)]
    answers = await asyncio.gather(
        *(buyer.confirm(payment) for buyer, payment in zip(buyers, begun, strict=True))
    )
    assert [answer.json()["status"] for answer in answers] == ["succeeded"] * 24
    assert await audit(runtime) == []


async def test_a_slow_charge_is_processing_until_its_webhook(anna, runtime, clock):
    payment = await anna.begin("A-1-1")
    answer = await anna.confirm(payment, WEBHOOK_LATER)
    assert (answer.status_code, answer.json()["status"]) == (200, "processing")
    assert await anna.ticket_statuses(payment) == []
    again = await anna.start(payment["reservation_id"])
    assert (again["id"], again["status"]) == (payment["id"], "processing")
    clock.advance(seconds=5.1)
    await send_sandbox_webhooks(runtime)
    assert (await anna.confirm(payment, WEBHOOK_LATER)).json()["status"] == "succeeded"
    assert await anna.ticket_statuses(payment) == ["valid"]


async def test_a_capture_in_silence_is_found_by_the_reconciler(anna, runtime, clock, settings):
    payment = await anna.begin("A-1-1")
    assert (await anna.confirm(payment, WEBHOOK_NEVER)).json()["status"] == "processing"
    await reconcile(runtime)
    assert (await anna.look(payment))["status"] == "processing"
    clock.advance(seconds=settings.payment_reconcile_after_seconds + 1)
    await reconcile(runtime)
    assert (await anna.look(payment))["status"] == "succeeded"
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert await audit(runtime) == []


async def test_a_client_that_goes_away_does_not_undo_its_payment(anna, runtime):
    payment = await anna.begin("A-1-1")
    leaving = asyncio.create_task(anna.confirm(payment))
    await anna.await_status(payment, {"processing", "succeeded"})
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await anna.await_status(payment, {"succeeded"})
    assert await audit(runtime) == []


async def test_a_process_that_dies_while_asking_leaves_it_to_the_reconciler(
    anna, runtime, clock, settings
):
    payment = await anna.begin("A-1-1")
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text("""
                UPDATE payments.payment SET status = 'processing', confirming_until = :until,
                    check_at = :until"""),
            {"until": clock.now() + timedelta(seconds=4)},
        )
    await reconcile(runtime)
    assert (await anna.look(payment))["status"] == "processing"
    clock.advance(seconds=5)
    await reconcile(runtime)
    assert (await anna.look(payment))["failure_code"] == "provider_timeout"
    assert (await anna.start(payment["reservation_id"]))["id"] != payment["id"]


async def test_a_payment_of_a_cancelled_reservation_is_over_and_takes_no_money(
    anna, boris, client, runtime
):
    payment = await anna.begin("A-1-1")
    path = f"/reservations/{payment['reservation_id']}/cancel"
    assert (await client.post(path, token=anna.token)).status_code == 200
    bought = await boris.buy("A-1-1")
    answer = await anna.confirm(payment)
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_final")
    assert (await anna.look(payment))["status"] == "cancelled"
    assert await captured(runtime) == 1
    assert await boris.ticket_statuses(bought) == ["valid"]
    assert await audit(runtime) == []


async def test_a_payment_that_nobody_confirms_is_cancelled_in_the_end(anna, runtime, clock):
    payment = await anna.begin("A-1-1")
    clock.advance(seconds=400)
    await expire_hold(runtime, payment["reservation_id"])
    await reconcile(runtime)
    assert (await anna.look(payment))["status"] == "requires_action"
    clock.advance(seconds=600)
    await reconcile(runtime)
    assert (await anna.look(payment))["status"] == "cancelled"
    assert (await anna.confirm(payment)).json()["code"] == "payment_final"
    assert await captured(runtime) == 0
