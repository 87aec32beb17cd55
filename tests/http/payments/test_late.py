"""A success that comes too late ends in tickets or in a full refund: never both, never neither."""

import asyncio

import pytest
from sqlalchemy import text

from tests.support.paying import (
    REDIRECT,
    WEBHOOK_LATER,
    WEBHOOK_NEVER,
    Buyer,
    audit,
    count_rows,
    expire_hold,
    message,
    send_webhook,
)
from tiketi.payments.loops import reconcile, refund, send_sandbox_webhooks
from tiketi.reservations.loops import sweep

CROWD = 150
WAVE = 25


async def in_waves(act, numbers):
    """The act for each number, so many at once."""
    numbers, results = list(numbers), []
    for first in range(0, len(numbers), WAVE):
        results += await asyncio.gather(*(act(n) for n in numbers[first : first + WAVE]))
    return results


async def test_too_late_on_free_seats_takes_the_same_again(anna, runtime):
    payment = await anna.begin("A-1-1", "A-1-2")
    await expire_hold(runtime, payment["reservation_id"])
    answer = await anna.confirm(payment)
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert await anna.ticket_statuses(payment) == ["valid", "valid"]
    assert await audit(runtime) == []


async def test_too_late_on_taken_seats_gives_everything_back(anna, boris, runtime):
    payment = await anna.begin("A-1-1", "A-1-2")
    await expire_hold(runtime, payment["reservation_id"])
    bought = await boris.buy("A-1-2")
    answer = await anna.confirm(payment)
    assert (answer.status_code, answer.json()["status"]) == (200, "refunded")
    assert answer.json()["refunded_amount"] == payment["amount"]
    assert (await anna.confirm(payment)).json() == answer.json()
    assert await anna.ticket_statuses(payment) == []
    assert await boris.ticket_statuses(bought) == ["valid"]
    assert await count_rows(runtime, "sandbox.refund") == 1
    # The seat that was still free is for sale again.
    assert (await boris.buy("A-1-1"))["status"] == "succeeded"
    assert await audit(runtime) == []


async def test_parallel_confirms_of_a_late_payment_all_hear_of_the_refund(anna, boris, runtime):
    payment = await anna.begin("A-1-1")
    await expire_hold(runtime, payment["reservation_id"])
    await boris.buy("A-1-1")
    answers = await asyncio.gather(*(anna.confirm(payment) for _ in range(15)))
    assert {answer.json()["status"] for answer in answers} == {"refunded"}
    assert await count_rows(runtime, "sandbox.refund") == 1


@pytest.mark.parametrize("is_taken", [False, True])
@pytest.mark.parametrize("card", [WEBHOOK_LATER, WEBHOOK_NEVER, REDIRECT])
async def test_a_slow_success_after_the_hold_ends_one_way(anna, boris, clock, card, is_taken):
    client, runtime = anna.client, anna.client.runtime
    settings = runtime.settings
    payment = await anna.begin("A-1-1")
    answer = (await anna.confirm(payment, card)).json()
    assert answer["status"] == "processing"
    await expire_hold(runtime, payment["reservation_id"])
    if is_taken:
        await boris.buy("A-1-1")
    if card == REDIRECT:
        page = answer["client"]["redirect_url"].removeprefix(settings.public_url)
        assert (await client.http.post(f"{page}/approve")).status_code == 303
    clock.advance(seconds=settings.payment_reconcile_after_seconds + 5.1)
    await send_sandbox_webhooks(runtime)
    await reconcile(runtime)
    end = await anna.look(payment)
    assert end["status"] == ("refunded" if is_taken else "succeeded")
    assert await anna.ticket_statuses(payment) == ([] if is_taken else ["valid"])
    assert await audit(runtime) == []


async def test_a_success_of_a_reservation_cancelled_meanwhile_goes_back(
    anna, client, runtime, clock, settings
):
    payment = await anna.begin("A-1-1")
    await anna.confirm(payment, WEBHOOK_NEVER)
    path = f"/reservations/{payment['reservation_id']}/cancel"
    assert (await client.post(path, token=anna.token)).status_code == 200
    clock.advance(seconds=settings.payment_reconcile_after_seconds + 1)
    await reconcile(runtime)
    assert (await anna.look(payment))["status"] == "refunded"
    assert (await anna.look_at_reservation(payment))["status"] == "cancelled"
    assert await audit(runtime) == []


async def test_a_refund_cut_off_in_the_middle_is_finished_by_a_loop(
    anna, boris, client, runtime, clock
):
    """The process died between the capture and the refund."""
    payment = await anna.begin("A-1-1")
    await expire_hold(runtime, payment["reservation_id"])
    await boris.buy("A-1-1")
    await send_webhook(client, message(payment))
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text("""
                UPDATE payments.payment SET status = 'processing', refunded_minor = 0
                WHERE id = :id"""),
            {"id": payment["id"]},
        )
        await tx.execute(text("UPDATE payments.refund SET status = 'pending', check_at = now()"))
    assert (await anna.look(payment))["status"] == "processing"
    assert (await anna.try_start(payment["reservation_id"])).status_code == 409
    clock.advance(seconds=1)
    await asyncio.gather(refund(runtime), reconcile(runtime), refund(runtime))
    assert (await anna.look(payment))["status"] == "refunded"
    assert await count_rows(runtime, "sandbox.refund") == 1
    assert await audit(runtime) == []


@pytest.mark.timeout(300)
async def test_a_crowd_whose_holds_expire_while_paying_is_served_or_refunded(
    client, event, runtime, clock, settings
):
    """Half of the seats are taken by others between the expiry and the payment."""
    crowd = [Buyer(client, event) for _ in range(CROWD)]
    begun = await in_waves(lambda n: crowd[n].begin(f"A-{n // 20 + 1}-{n % 20 + 1}"), range(CROWD))
    clock.advance(seconds=settings.hold_ttl_seconds + settings.payment_extension_seconds + 1)
    while await sweep(runtime):
        pass
    others = [Buyer(client, event) for _ in range(CROWD // 2)]
    await in_waves(lambda n: others[n].reserve(f"A-{n // 20 + 1}-{n % 20 + 1}"), range(CROWD // 2))
    # The two halves mixed, so that both ends happen at the same time.
    order = [n // 2 + n % 2 * (CROWD // 2) for n in range(CROWD)]
    answers = dict(
        zip(order, await in_waves(lambda n: crowd[n].confirm(begun[n]), order), strict=True)
    )
    ends = [answers[n].json()["status"] for n in range(CROWD)]
    assert ends[: CROWD // 2] == ["refunded"] * (CROWD // 2)
    assert ends[CROWD // 2 :] == ["succeeded"] * (CROWD // 2)
    assert await audit(runtime) == []
