"""Paying by Toss Payments, over real HTTP to a company that behaves as its reference says."""

import asyncio

import orjson
import pytest

from tests.support.companies import TOSS_SECRET, FakeToss
from tests.support.paying import Buyer, audit, count_rows, expire_hold
from tests.support.receiver import open_receiver
from tiketi.payments.loops import reconcile, refund


@pytest.fixture
def toss():
    return FakeToss()


@pytest.fixture
async def settings(base_settings, toss):
    async with open_receiver(toss.handle) as port:
        yield base_settings.model_copy(
            update={
                "payment_providers": "toss, sandbox",
                "toss_api_url": f"http://127.0.0.1:{port}",
                "toss_secret_key": type(base_settings.signing_key)(TOSS_SECRET),
                "toss_client_key": "test_ck_client",
            }
        )


async def approved(buyer: Buyer, toss: FakeToss, seat: str) -> tuple[dict, dict]:
    """A payment whose buyer has approved it in the window, and what the window returned."""
    payment = await buyer.begin(seat)
    order_id = payment["client"]["order_id"]
    key = toss.approve(order_id, payment["amount"])
    return payment, {"payment_key": key, "order_id": order_id, "amount": payment["amount"]}


async def confirm(buyer: Buyer, payment: dict, body: dict):
    return await buyer.client.post(f"/payments/{payment['id']}/confirm", body, token=buyer.token)


async def test_the_first_provider_named_is_the_default_and_starts_without_a_request(anna, toss):
    payment = await anna.begin("A-1-1")
    assert (payment["provider"], payment["status"]) == ("toss", "requires_action")
    assert payment["client"] == {"client_key": "test_ck_client", "order_id": payment["id"]}
    assert toss.received == []


async def test_what_the_window_returned_ends_in_tickets(anna, toss, runtime):
    payment, returned = await approved(anna, toss, "A-1-1")
    answer = await confirm(anna, payment, returned)
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert (await anna.refund(payment, 20_000)).json()["status"] == "partially_refunded"
    assert (await anna.refund(payment)).json()["status"] == "refunded"
    assert toss.payments[returned["payment_key"]]["balanceAmount"] == 0
    assert await audit(runtime) == []


async def test_parallel_confirms_ask_once(anna, toss):
    payment, returned = await approved(anna, toss, "A-1-1")
    answers = await asyncio.gather(*(confirm(anna, payment, returned) for _ in range(8)))
    assert {answer.json()["status"] for answer in answers} == {"succeeded"}
    assert toss.count("/confirm") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"payment_key": None},
        {"payment_key": "../../cancel"},
        {"order_id": "another"},
        {"amount": 1},
    ],
)
async def test_what_the_window_did_not_return_is_refused(anna, toss, change):
    payment, returned = await approved(anna, toss, "A-1-1")
    answer = await confirm(anna, payment, {**returned, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert toss.received == []
    assert (await anna.look(payment))["status"] == "requires_action"


async def test_a_key_of_nothing_is_declined(anna, toss):
    payment = await anna.begin("A-1-1")
    answer = await confirm(anna, payment, {"payment_key": "tk_none"})
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")
    assert answer.json()["failure_code"] == "not_found_payment_session"


async def test_a_declined_card_says_why(anna, toss):
    payment, returned = await approved(anna, toss, "A-1-1")
    toss.faults = [("before", 400, {"code": "INVALID_REJECT_CARD", "message": "…"})]
    answer = await confirm(anna, payment, returned)
    assert (answer.json()["status"], answer.json()["failure_code"]) == (
        "failed",
        "invalid_reject_card",
    )


@pytest.mark.parametrize("fault", [(500, {}), (400, {"code": "PROVIDER_ERROR"}), (429, {})])
async def test_a_lost_answer_is_looked_up(anna, toss, runtime, clock, fault):
    payment, returned = await approved(anna, toss, "A-1-1")
    toss.faults = [("after", *fault)]
    assert (await confirm(anna, payment, returned)).json()["status"] == "processing"
    clock.advance(seconds=runtime.settings.payment_reconcile_after_seconds + 1)
    await reconcile(runtime)
    assert (await anna.look(payment))["status"] == "succeeded"
    await anna.refund(payment)
    assert toss.payments[returned["payment_key"]]["status"] == "CANCELED"


async def test_what_was_approved_may_yet_be_captured_until_it_expires(
    anna, toss, runtime, clock, settings
):
    payment, returned = await approved(anna, toss, "A-1-1")
    toss.faults = [("before", 503, {})]
    assert (await confirm(anna, payment, returned)).json()["status"] == "processing"
    clock.advance(seconds=settings.payment_reconcile_after_seconds + 1)
    await reconcile(runtime)
    assert (await anna.look(payment))["status"] == "processing"
    toss.payments[returned["payment_key"]]["status"] = "EXPIRED"
    clock.advance(seconds=60)
    await reconcile(runtime)
    assert (await anna.look(payment))["status"] == "cancelled"


async def test_an_unsigned_webhook_only_makes_us_ask(anna, client, toss, runtime):
    payment, returned = await approved(anna, toss, "A-1-1")
    data = {"orderId": payment["id"], "status": "DONE", "totalAmount": 50_000}
    body = orjson.dumps({"eventType": "PAYMENT_STATUS_CHANGED", "data": data})
    assert (await client.post("/payments/webhooks/toss", content=body)).status_code == 200
    await reconcile(runtime)
    assert (await anna.look(payment))["status"] == "requires_action"
    toss.payments[returned["payment_key"]]["status"] = "DONE"
    assert (await client.post("/payments/webhooks/toss", content=body)).status_code == 200
    await reconcile(runtime)
    assert (await anna.look(payment))["status"] == "succeeded"
    assert await count_rows(runtime, "payments.webhook") == 0
    for rubbish in (b"", b"[]", b'{"data": 1}'):
        answer = await client.post("/payments/webhooks/toss", content=rubbish)
        assert answer.status_code == 400


async def test_another_amount_at_the_company_settles_nothing(anna, toss):
    payment, returned = await approved(anna, toss, "A-1-1")
    toss.payments[returned["payment_key"]].update(status="DONE", totalAmount=1)
    answer = await confirm(anna, payment, returned)
    assert answer.json()["status"] in ("processing", "failed")
    assert await anna.ticket_statuses(payment) == []


async def test_too_late_for_the_seats_goes_back(anna, boris, toss, runtime):
    payment, returned = await approved(anna, toss, "A-1-1")
    await expire_hold(runtime, payment["reservation_id"])
    await boris.start(await boris.reserve("A-1-1"))
    answer = await confirm(anna, payment, returned)
    assert answer.json()["status"] == "refunded"
    assert toss.payments[returned["payment_key"]]["balanceAmount"] == 0


async def test_a_refund_whose_answer_is_lost_is_sent_again_as_the_same(
    anna, toss, runtime, clock, settings
):
    payment, returned = await approved(anna, toss, "A-1-1")
    await confirm(anna, payment, returned)
    toss.faults = [("after", 500, {})]
    pending = (await anna.refund(payment, 20_000)).json()
    assert (pending["status"], pending["refunds"][0]["status"]) == ("succeeded", "pending")
    clock.advance(seconds=settings.payment_reconcile_after_seconds + 1)
    await refund(runtime)
    assert (await anna.look(payment))["refunded_amount"] == 20_000
    assert toss.payments[returned["payment_key"]]["balanceAmount"] == 30_000


async def test_a_refused_refund_gives_its_amount_free(anna, toss):
    payment, returned = await approved(anna, toss, "A-1-1")
    await confirm(anna, payment, returned)
    toss.faults = [("before", 403, {"code": "NOT_CANCELABLE_PAYMENT"})]
    refused = await anna.refund(payment)
    assert (refused.status_code, refused.json()["code"]) == (409, "refund_refused")
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert (await anna.refund(payment)).json()["status"] == "refunded"
