"""Paying by Stripe, over real HTTP to a company that behaves as its reference says."""

import orjson
import pytest

from tests.support.companies import (
    STRIPE_SECRET,
    STRIPE_WEBHOOK_SECRET,
    FakeStripe,
    sign_for_stripe,
)
from tests.support.on_sale import Section, open_sale
from tests.support.paying import Buyer, audit, count_rows
from tests.support.receiver import open_receiver
from tiketi.events import api as events
from tiketi.payments.loops import reconcile
from tiketi.services.app import build_app
from tiketi.services.registry import get_service


@pytest.fixture
def stripe():
    return FakeStripe()


@pytest.fixture
async def settings(base_settings, stripe):
    secret = type(base_settings.signing_key)
    async with open_receiver(stripe.handle) as port:
        yield base_settings.model_copy(
            update={
                "payment_providers": "stripe",
                "stripe_api_url": f"http://127.0.0.1:{port}",
                "stripe_secret_key": secret(STRIPE_SECRET),
                "stripe_publishable_key": "pk_test_x",
                "stripe_webhook_secret": secret(STRIPE_WEBHOOK_SECRET),
            }
        )


def intent_of(payment: dict) -> str:
    return payment["client"]["client_secret"].partition("_secret_")[0]


async def confirm(buyer: Buyer, payment: dict, method: str | None = None):
    body = {} if method is None else {"payment_method": method}
    return await buyer.client.post(f"/payments/{payment['id']}/confirm", body, token=buyer.token)


async def hear(client, event: dict, *, seconds_off: int = 0, secret: str = STRIPE_WEBHOOK_SECRET):
    body = orjson.dumps(event)
    timestamp = int(client.runtime.clock.now().timestamp()) + seconds_off
    headers = {"Stripe-Signature": sign_for_stripe(body, timestamp, secret)}
    return await client.post("/payments/webhooks/stripe", content=body, headers=headers)


def event_of(stripe: FakeStripe, payment: dict, kind: str, **changes) -> dict:
    said = {**stripe.intents[intent_of(payment)], **changes}
    return {"id": f"evt_{kind.replace('.', '_')}", "type": kind, "data": {"object": said}}


async def test_a_payment_is_an_intent_of_ours(anna, stripe):
    reservation_id = await anna.reserve("A-1-1")
    payment = await anna.start(reservation_id)
    assert payment["client"] == {
        "publishable_key": "pk_test_x",
        "client_secret": "pi_0_secret_x",
    }
    assert stripe.intents["pi_0"]["metadata"] == {"payment_id": payment["id"]}
    assert (await anna.start(reservation_id)) == payment
    assert len(stripe.intents) == 1


async def test_a_start_whose_answer_is_lost_is_finished_by_the_next(anna, stripe, runtime):
    stripe.faults = [("after", 502, {})]
    reservation_id = await anna.reserve("A-1-1")
    lost = await anna.try_start(reservation_id)
    assert (lost.status_code, lost.json()["code"]) == (503, "provider_answer_lost")
    payment = await anna.start(reservation_id)
    assert payment["client"]["client_secret"] == "pi_0_secret_x"
    assert (len(stripe.intents), await count_rows(runtime, "payments.payment")) == (1, 1)


async def test_what_the_page_confirmed_ends_in_tickets(anna, stripe, runtime):
    payment = await anna.begin("A-1-1")
    early = await confirm(anna, payment)
    assert (early.status_code, early.json()["status"]) == (200, "requires_action")
    stripe.pay(intent_of(payment))
    assert (await confirm(anna, payment)).json()["status"] == "succeeded"
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert (await anna.refund(payment)).json()["status"] == "refunded"
    assert stripe.refunded == {"pi_0": 50_000}
    assert await audit(runtime) == []


async def test_a_payment_method_is_confirmed_by_us(anna):
    payment = await anna.begin("A-1-1")
    assert (await confirm(anna, payment, "pm_card_visa")).json()["status"] == "succeeded"


async def test_a_declined_method_is_final(anna, stripe):
    payment = await anna.begin("A-1-1")
    answer = (await confirm(anna, payment, "pm_card_chargeDeclined")).json()
    assert (answer["status"], answer["failure_code"]) == ("failed", "insufficient_funds")
    assert stripe.intents[intent_of(payment)]["status"] == "canceled"
    assert (await anna.start(payment["reservation_id"]))["id"] != payment["id"]


async def test_a_redirect_is_passed_on(anna, stripe):
    payment = await anna.begin("A-1-1")
    answer = (await confirm(anna, payment, "pm_card_authenticationRequired")).json()
    assert answer["status"] == "processing"
    assert answer["client"]["redirect_url"] == "https://bank.test/3ds"
    stripe.pay(intent_of(payment))
    assert (await confirm(anna, payment)).json()["status"] == "succeeded"


async def test_a_method_that_is_none_is_refused(anna):
    payment = await anna.begin("A-1-1")
    assert (await confirm(anna, payment, "../refunds")).status_code == 422


async def test_a_lost_confirmation_is_cancelled_before_it_is_called_failed(
    anna, stripe, runtime, clock, settings
):
    payment = await anna.begin("A-1-1")
    stripe.faults = [("before", 503, {})]
    assert (await confirm(anna, payment, "pm_card_visa")).json()["status"] == "processing"
    clock.advance(seconds=settings.payment_reconcile_after_seconds + 1)
    await reconcile(runtime)
    assert (await anna.look(payment))["failure_code"] == "provider_timeout"
    assert stripe.intents[intent_of(payment)]["status"] == "canceled"


async def test_a_webhook_ends_in_tickets_once(anna, client, stripe, runtime):
    payment = await anna.begin("A-1-1")
    stripe.pay(intent_of(payment))
    event = event_of(stripe, payment, "payment_intent.succeeded")
    for _ in range(2):
        assert (await hear(client, event)).status_code == 200
    assert (await anna.look(payment))["status"] == "succeeded"
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert await count_rows(runtime, "payments.webhook") == 1


async def test_another_amount_confirms_nothing(anna, client, stripe):
    payment = await anna.begin("A-1-1")
    for changes in ({"amount_received": 1}, {"amount_received": 50_000, "currency": "usd"}):
        event = event_of(stripe, payment, "payment_intent.succeeded", **changes)
        assert (await hear(client, event)).status_code == 200
    assert (await anna.look(payment))["status"] == "requires_action"


@pytest.mark.parametrize("options", [{"seconds_off": -301}, {"seconds_off": 302}, {"secret": "x"}])
async def test_a_forged_or_old_webhook_writes_nothing(anna, client, stripe, runtime, options):
    payment = await anna.begin("A-1-1")
    stripe.pay(intent_of(payment))
    event = event_of(stripe, payment, "payment_intent.succeeded")
    answer = await hear(client, event, **options)
    assert (answer.status_code, answer.json()["code"]) == (400, "webhook_refused")
    assert await count_rows(runtime, "payments.webhook") == 0
    assert (await anna.look(payment))["status"] == "requires_action"


@pytest.mark.parametrize("event", [{}, [], {"id": "evt", "data": {"object": {"metadata": []}}}])
async def test_a_signed_event_about_no_payment_is_refused(client, event):
    assert (await hear(client, event)).status_code == 400


async def test_a_failed_try_is_no_end(anna, client, stripe, runtime):
    payment = await anna.begin("A-1-1")
    stripe.decline(intent_of(payment))
    event = event_of(stripe, payment, "payment_intent.payment_failed")
    assert (await hear(client, event)).status_code == 200
    await reconcile(runtime)
    assert (await anna.look(payment))["status"] == "requires_action"
    stripe.pay(intent_of(payment))
    assert (await confirm(anna, payment)).json()["status"] == "succeeded"


async def test_a_sandbox_that_is_not_named_is_not_there(anna, client):
    refused = await anna.try_start(await anna.reserve("A-1-1"), provider="sandbox")
    assert refused.status_code == 422
    assert (await client.post("/payments/webhooks/sandbox", content=b"{}")).status_code == 404
    assert (await client.get("/payments/sandbox/x")).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"payment_providers": "stripe", "stripe_secret_key": None},
        {"payment_providers": "toss"},
        {"payment_providers": "piggybank"},
        {"payment_providers": ""},
    ],
)
async def test_a_service_that_lacks_a_provider_s_key_does_not_start(settings, changes):
    with pytest.raises(ValueError, match="TIKETI_"):
        build_app(get_service("payment"), settings.model_copy(update=changes))


async def test_a_card_that_paid_for_enough_is_refused_before_stripe_takes_anything(
    client, runtime, stripe
):
    limits = events.Limits(seats_per_order=4, seats_per_user=8, seats_per_payment_method=2)
    event = await open_sale(runtime, sections=[Section("A")], limits=limits)
    anna, boris = Buyer(client, event), Buyer(client, event)
    paid = await confirm(anna, await anna.begin("A-1-1", "A-1-2"), "pm_card_visa")
    assert paid.json()["status"] == "succeeded"
    payment = await boris.begin("A-2-1")
    refused = (await confirm(boris, payment, "pm_card_visa")).json()
    assert (refused["status"], refused["failure_code"]) == ("failed", "payment_method_limit")
    assert stripe.intents[intent_of(payment)]["amount_received"] == 0
