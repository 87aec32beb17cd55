import asyncio

import orjson
import pytest

from tests.support.paying import (
    DECLINED,
    WEBHOOK_NEVER,
    audit,
    count_rows,
    expire_hold,
    message,
    send_webhook,
)
from tiketi.kernel.ids import new_id
from tiketi.payments.loops import reconcile


async def test_a_webhook_alone_ends_in_tickets(anna, client, runtime):
    payment = await anna.begin("A-1-1")
    answer = await send_webhook(client, message(payment))
    assert answer.status_code == 200
    assert (await anna.look(payment))["status"] == "succeeded"
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert (await anna.confirm(payment)).json()["status"] == "succeeded"
    assert await audit(runtime) == []


async def test_a_repeat_is_taken_and_does_nothing_twice(anna, client, runtime):
    payment = await anna.begin("A-1-1")
    for webhook_id in ("msg_1", "msg_1", "msg_2"):
        answer = await send_webhook(client, message(payment), webhook_id=webhook_id)
        assert answer.status_code == 200
    assert await count_rows(runtime, "payments.webhook") == 2
    assert await anna.ticket_statuses(payment) == ["valid"]


async def test_many_at_once_are_one(anna, client, runtime):
    payment = await anna.begin("A-1-1")
    body = message(payment)
    answers = await asyncio.gather(
        *(send_webhook(client, body, webhook_id=f"msg_{n % 3}") for n in range(12)),
        anna.confirm(payment),
    )
    assert {answer.status_code for answer in answers} == {200}
    assert answers[-1].json()["status"] == "succeeded"
    assert await count_rows(runtime, "payments.webhook") == 3
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert await audit(runtime) == []


FORGERIES = {
    "no headers": {"webhook-id": "", "webhook-timestamp": "", "webhook-signature": ""},
    "no signature": {"webhook-signature": ""},
    "another secret": {"webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="},
    "another id": {"webhook-id": "msg_other"},
    "another time": {"webhook-timestamp": "1614265330"},
    "no number": {"webhook-timestamp": "now"},
    "a negative time": {"webhook-timestamp": "-1"},
    "a time past all clocks": {"webhook-timestamp": "9" * 30},
    "another scheme": {"webhook-signature": "v1a,AAAA v2,BBBB"},
    "rubbish": {"webhook-signature": "v1, v1,, ,v1 ~"},
}


@pytest.mark.parametrize("headers", FORGERIES.values(), ids=FORGERIES)
async def test_a_forged_webhook_writes_nothing(anna, client, runtime, headers):
    payment = await anna.begin("A-1-1")
    answer = await send_webhook(client, message(payment), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "webhook_refused")
    assert await count_rows(runtime, "payments.webhook") == 0
    assert await anna.look(payment) == payment


@pytest.mark.parametrize("seconds_off", [-86_400, -302, 302, 86_400])
async def test_an_old_or_future_webhook_writes_nothing(anna, client, runtime, seconds_off):
    payment = await anna.begin("A-1-1")
    answer = await send_webhook(client, message(payment), seconds_off=seconds_off)
    assert answer.status_code == 400
    assert await count_rows(runtime, "payments.webhook") == 0
    assert await anna.look(payment) == payment


@pytest.mark.parametrize("seconds_off", [-298, 298])
async def test_a_clock_that_differs_a_little_is_borne(anna, client, seconds_off):
    payment = await anna.begin("A-1-1")
    answer = await send_webhook(client, message(payment), seconds_off=seconds_off)
    assert answer.status_code == 200
    assert (await anna.look(payment))["status"] == "succeeded"


async def test_a_changed_body_is_a_forgery(anna, client, runtime):
    payment = await anna.begin("A-1-1")
    signed = await send_webhook(client, message(payment, "payment.pending"))
    headers = {
        name: signed.request.headers[name]
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    }
    answer = await send_webhook(client, message(payment), headers=headers)
    assert answer.status_code == 400
    assert await anna.look(payment) == payment


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 1},
        {"amount": 49_999},
        {"amount": 50_001},
        {"amount": "50000"},
        {"amount": 50_000.0},
        {"amount": None},
        {"amount": True},
        {"currency": "USD"},
        {"currency": None},
        {"currency": ["KRW"]},
    ],
)
async def test_another_amount_or_currency_confirms_nothing(anna, client, runtime, changes):
    payment = await anna.begin("A-1-1")
    answer = await send_webhook(client, message(payment, **changes))
    assert answer.status_code == 200
    assert await anna.look(payment) == payment
    assert await anna.ticket_statuses(payment) == []


async def test_a_webhook_about_no_payment_of_ours_is_taken_and_ignored(client, anna, runtime):
    payment = await anna.begin("A-1-1")
    for changes in ({"payment_id": str(new_id())}, {"payment_id": "x"}, {"payment_id": None}):
        answer = await send_webhook(client, message(payment, **changes))
        assert answer.status_code == 200
    for kind in ("payment.disputed", "other", "", 7, None, ["payment.succeeded"], {}):
        answer = await send_webhook(client, message(payment, kind))
        assert answer.status_code == 200
    assert await anna.look(payment) == payment


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"7", b'{"type": "payment.succeeded"}', b'{"data": {}}',
     b'{"type": "payment.succeeded", "data": []}', b"\xff", b"[" * 5_000],
)  # fmt: skip
async def test_signed_rubbish_is_refused(client, runtime, body):
    answer = await send_webhook(client, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "webhook_refused")
    assert await count_rows(runtime, "payments.webhook") == 0


async def test_a_strange_failure_code_is_not_passed_on(anna, client):
    payment = await anna.begin("A-1-1")
    body = message(payment, "payment.failed", failure_code="\x00<script>")
    assert (await send_webhook(client, body)).status_code == 200
    failed = await anna.look(payment)
    assert (failed["status"], failed["failure_code"]) == ("failed", "declined")


async def test_an_unknown_provider_is_not_found(client):
    for name in ("stripe", "none", "sandbox%00", "confirm"):
        answer = await client.post(f"/payments/webhooks/{name}", content=b"{}")
        assert answer.status_code == 404


async def test_a_failure_after_a_success_changes_nothing(anna, client, runtime):
    payment = await anna.buy("A-1-1")
    assert (await send_webhook(client, message(payment, "payment.failed"))).status_code == 200
    assert await anna.look(payment) == payment
    assert await audit(runtime) == []


async def test_a_success_after_a_failure_counts(anna, client, runtime):
    """Messages overtake each other, but the money that was taken is what is true."""
    payment = await anna.begin("A-1-1")
    assert (await anna.confirm(payment, DECLINED)).json()["status"] == "failed"
    await send_webhook(client, message(payment))
    assert (await anna.look(payment))["status"] == "succeeded"
    assert (await anna.look(payment))["failure_code"] is None
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert await audit(runtime) == []


async def test_a_second_payment_that_succeeds_too_goes_back(anna, client, runtime):
    first = await anna.begin("A-1-1")
    await anna.confirm(first, DECLINED)
    second = await anna.start(first["reservation_id"])
    assert (await anna.confirm(second)).json()["status"] == "succeeded"
    await send_webhook(client, message(first))
    assert (await anna.look(first))["status"] == "refunded"
    assert (await anna.look(first))["refunds"][0]["reason"] == "paid_already"
    assert (await anna.look(second))["status"] == "succeeded"
    assert await anna.ticket_statuses(second) == ["valid"]
    assert await audit(runtime) == []


async def test_a_lost_webhook_is_made_up_for(anna, runtime, clock, settings):
    payment = await anna.begin("A-1-1")
    await anna.confirm(payment, WEBHOOK_NEVER)
    clock.advance(seconds=settings.payment_reconcile_after_seconds + 1)
    await asyncio.gather(*(reconcile(runtime) for _ in range(4)))
    assert (await anna.look(payment))["status"] == "succeeded"
    assert await anna.ticket_statuses(payment) == ["valid"]


async def test_a_webhook_needs_no_content_type_and_no_token(anna, client):
    payment = await anna.begin("A-1-1")
    headers = {"Content-Type": "text/plain"}
    assert (await send_webhook(client, message(payment), headers=headers)).status_code == 200


async def test_a_huge_webhook_is_refused(client, settings):
    body = orjson.dumps({"type": "x", "data": {"pad": "x" * settings.body_bytes_max}})
    assert (await send_webhook(client, body)).status_code == 413


async def test_a_webhook_after_the_seats_were_sold_ends_in_a_refund(anna, boris, client, runtime):
    payment = await anna.begin("A-1-1")
    await expire_hold(runtime, payment["reservation_id"])
    bought = await boris.buy("A-1-1")
    assert (await send_webhook(client, message(payment))).status_code == 200
    refunded = await anna.look(payment)
    assert (refunded["status"], refunded["refunded_amount"]) == ("refunded", 50_000)
    assert refunded["refunds"][0]["reason"] == "places_gone"
    assert await anna.ticket_statuses(payment) == []
    assert await boris.ticket_statuses(bought) == ["valid"]
    assert await audit(runtime) == []
