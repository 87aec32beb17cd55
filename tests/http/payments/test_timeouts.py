"""A provider that does not answer: what is in doubt stays so until it was asked again."""

import asyncio

import pytest
from sqlalchemy import text

from tests.support.paying import (
    GOOD,
    TIMES_OUT,
    Buyer,
    audit,
    message,
    send_webhook,
)
from tiketi.payments.errors import AnswerLost
from tiketi.payments.loops import reconcile
from tiketi.payments.providers.directory import Providers


@pytest.fixture
def settings(base_settings):
    """Short enough to wait for, long enough for the busiest machine's good answers."""
    return base_settings.model_copy(
        update={
            "payment_provider_timeout_seconds": 1.5,
            "payment_breaker_open_seconds": 1.0,
            "payment_breaker_failures_max": 3,
        }
    )


async def test_a_timeout_is_in_doubt_until_the_reconciler_asks(anna, runtime, clock, settings):
    payment = await anna.begin("A-1-1")
    answer = await anna.confirm(payment, TIMES_OUT)
    assert (answer.status_code, answer.json()["status"]) == (200, "processing")
    assert (await anna.confirm(payment, TIMES_OUT)).json()["status"] == "processing"
    clock.advance(seconds=settings.payment_reconcile_after_seconds + 1)
    await reconcile(runtime)
    failed = await anna.look(payment)
    assert (failed["status"], failed["failure_code"]) == ("failed", "provider_timeout")
    second = await anna.start(payment["reservation_id"])
    assert (await anna.confirm(second)).json()["status"] == "succeeded"
    assert await audit(runtime) == []


async def test_the_provider_is_asked_under_no_lock(anna, runtime):
    """While a confirmation hangs at the provider, its rows can be written by others."""
    payment = await anna.begin("A-1-1")
    hanging = asyncio.create_task(anna.confirm(payment, TIMES_OUT))
    await anna.await_status(payment, {"processing"})
    await asyncio.sleep(0.1)  # for the claim to have ended, and the provider to be asked
    async with runtime.database.transaction() as tx:
        await tx.execute(text("SET LOCAL lock_timeout = '50ms'"))
        for table in ("payments.payment", "reservations.reservation", "seats.seat"):
            await tx.execute(text(f"SELECT 1 FROM {table} FOR UPDATE"))  # listed above
        idle = await tx.execute(
            text("""
                SELECT count(*) FROM pg_stat_activity
                WHERE state = 'idle in transaction' AND pid <> pg_backend_pid()""")
        )
        assert idle.scalar_one() == 0
    assert not hanging.done()
    assert (await hanging).json()["status"] == "processing"


async def test_a_webhook_while_the_provider_hangs_is_the_answer(anna, client, runtime):
    payment = await anna.begin("A-1-1")
    hanging = asyncio.create_task(anna.confirm(payment, TIMES_OUT))
    await anna.await_status(payment, {"processing"})
    await send_webhook(client, message(payment))
    assert (await hanging).json()["status"] == "succeeded"
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert await audit(runtime) == []


async def open_the_circuit(client, event, settings) -> None:
    buyers = [Buyer(client, event) for _ in range(settings.payment_breaker_failures_max)]
    begun = [await buyer.begin(f"A-20-{n + 1}") for n, buyer in enumerate(buyers)]
    answers = await asyncio.gather(
        *(buyer.confirm(one, TIMES_OUT) for buyer, one in zip(buyers, begun, strict=True))
    )
    assert {answer.json()["status"] for answer in answers} == {"processing"}


async def test_after_timeouts_in_a_row_the_provider_is_left_alone_and_the_hold_stands(
    anna, client, event, runtime, settings
):
    payment = await anna.begin("A-1-1")
    await open_the_circuit(client, event, settings)
    refused = await anna.confirm(payment)
    assert (refused.status_code, refused.json()["code"]) == (503, "provider_unavailable")
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.elapsed.total_seconds() < settings.payment_provider_timeout_seconds
    assert await anna.look(payment) == payment
    assert (await anna.look_at_reservation(payment))["status"] == "pending"
    await asyncio.sleep(int(refused.headers["retry-after"]) + 0.05)
    assert (await anna.confirm(payment)).json()["status"] == "succeeded"
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert await audit(runtime) == []


async def test_a_recovering_provider_is_tried_by_one_at_a_time(anna, client, event, settings):
    payments = [await anna.begin(f"A-1-{n}") for n in (1, 2)]
    await open_the_circuit(client, event, settings)
    await asyncio.sleep(settings.payment_breaker_open_seconds + 0.05)
    trial = asyncio.create_task(anna.confirm(payments[0], TIMES_OUT))
    await anna.await_status(payments[0], {"processing"})
    assert (await anna.confirm(payments[1], GOOD)).status_code == 503
    assert (await trial).json()["status"] == "processing"
    assert (await anna.confirm(payments[1], GOOD)).status_code == 503
    assert await anna.look(payments[1]) == payments[1]


async def test_a_success_has_its_answer_while_the_provider_is_left_alone(
    anna, client, event, settings
):
    payment = await anna.buy("A-1-1")
    await open_the_circuit(client, event, settings)
    assert (await anna.confirm(payment)).json() == payment


async def test_a_refund_needs_a_provider_that_answers(anna, runtime, settings):
    payment = await anna.buy("A-1-1")
    gateway = runtime.one(Providers).get("sandbox")

    async def break_off() -> None:
        raise ConnectionResetError

    for _ in range(settings.payment_breaker_failures_max):
        with pytest.raises(AnswerLost):
            await gateway.ask("refund", break_off)
    answer = await anna.refund(payment)
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
    assert await anna.look(payment) == payment
    await asyncio.sleep(settings.payment_breaker_open_seconds + 0.05)
    assert (await anna.refund(payment)).json()["status"] == "refunded"
    assert await audit(runtime) == []
