"""What webhooks that are heard together come to, each by itself."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.paying import (
    audit,
    count_rows,
    expire_hold,
    message,
    send_webhook,
)
from tiketi.kernel.ids import new_id
from tiketi.payments.hearing import Hearings
from tiketi.payments.providers.protocol import Webhook, WebhookKind


def said(payment, kind=WebhookKind.SUCCEEDED, **changes) -> Webhook:
    chosen = {
        "id": f"msg_{new_id()}",
        "payment_id": UUID(payment["id"]),
        "amount_minor": payment["amount"],
        "currency": payment["currency"],
    }
    return Webhook(kind=kind, **{**chosen, **changes})


async def hear_all(runtime, *webhooks, provider="sandbox"):
    hearings = runtime.one(Hearings)
    return await asyncio.gather(
        *(hearings.act_on(provider, each) for each in webhooks), return_exceptions=True
    )


async def move(runtime, payment, reservation_id: str) -> None:
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text("UPDATE payments.payment SET reservation_id = :to WHERE id = :id"),
            {"id": payment["id"], "to": reservation_id},
        )


async def count_transactions(runtime) -> int:
    async with runtime.database.latest() as reader:
        rows = await reader.execute(text("SELECT count(DISTINCT xmin::text) FROM payments.webhook"))
        return int(rows.scalar_one())


async def statuses(anna, *payments) -> list[str]:
    return [(await anna.look(payment))["status"] for payment in payments]


async def test_webhooks_of_every_kind_are_one_transaction_and_each_has_its_own_end(anna, runtime):
    paid, refused, short, other = [await anna.begin(f"A-1-{n}") for n in range(1, 5)]
    bought = await anna.buy("A-1-5")
    success = said(paid)
    outcomes = await hear_all(
        runtime,
        said(bought),
        success,
        said(refused, WebhookKind.FAILED, failure_code="card_declined"),
        success,
        said(short, amount_minor=1),
        said(other, payment_id=new_id()),
        said(other, payment_id=None),
        said(other, WebhookKind.OTHER),
        said(bought, WebhookKind.REFUNDED),
        said(paid),
    )
    assert [outcome and str(outcome.id) for outcome in outcomes] == [
        None, paid["id"], *(None for _ in range(8)),
    ]  # fmt: skip
    assert await statuses(anna, paid, refused, short, other, bought) == [
        "succeeded",
        "failed",
        "requires_action",
        "requires_action",
        "succeeded",
    ]
    assert (await anna.look(refused))["failure_code"] == "card_declined"
    assert await anna.ticket_statuses(paid) == ["valid"]
    assert await count_rows(runtime, "payments.webhook") == 9
    assert await count_transactions(runtime) == 1
    assert await audit(runtime) == []


@pytest.mark.parametrize("reverse", [False, True])
async def test_a_failure_beside_a_success_does_not_count(anna, runtime, reverse):
    payment = await anna.begin("A-1-1")
    both = [said(payment, WebhookKind.FAILED), said(payment)]
    await hear_all(runtime, *(reversed(both) if reverse else both))
    assert await statuses(anna, payment) == ["succeeded"]
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert await audit(runtime) == []


async def test_one_that_cannot_be_written_costs_nobody_else_theirs(anna, runtime):
    payments = [await anna.begin(f"A-1-{n}") for n in range(1, 5)]
    poisoned = said(payments[3], id="\x00")
    outcomes = await hear_all(
        runtime, said(payments[0]), said(payments[1]), poisoned, said(payments[2])
    )
    assert isinstance(outcomes.pop(2), Exception)
    assert [str(outcome.id) for outcome in outcomes] == [each["id"] for each in payments[:3]]
    assert await statuses(anna, *payments) == [*["succeeded"] * 3, "requires_action"]
    assert await count_rows(runtime, "payments.webhook") == 3
    assert await audit(runtime) == []


async def test_what_could_not_be_acted_on_was_not_heard(anna, runtime):
    """Its payment has lost its reservation, which shows only once the money is counted."""
    broken, whole = await anna.begin("A-1-1"), await anna.begin("A-1-2")
    await move(runtime, broken, str(new_id()))
    webhook = said(broken)
    lost, counted = await hear_all(runtime, webhook, said(whole))
    assert isinstance(lost, KeyError)
    assert str(counted.id) == whole["id"]
    assert await count_rows(runtime, "payments.webhook") == 1
    await move(runtime, broken, broken["reservation_id"])
    assert await statuses(anna, broken) == ["requires_action"]
    await hear_all(runtime, webhook)
    assert await statuses(anna, broken) == ["succeeded"]
    assert await audit(runtime) == []


async def test_another_provider_s_webhook_is_about_nothing_here(anna, runtime):
    payment = await anna.begin("A-1-1")
    assert await hear_all(runtime, said(payment), provider="stripe") == [None]
    assert await statuses(anna, payment) == ["requires_action"]
    assert await hear_all(runtime, said(payment)) != [None]


async def test_an_id_is_each_provider_s_own(anna, runtime):
    payment = await anna.begin("A-1-1")
    webhook = said(payment)
    await hear_all(runtime, webhook, provider="stripe")
    await hear_all(runtime, webhook)
    assert await statuses(anna, payment) == ["succeeded"]


async def test_what_came_too_late_goes_back_beside_what_did_not(anna, boris, client, runtime):
    late, timely = await anna.begin("A-1-1"), await anna.begin("A-1-2")
    await expire_hold(runtime, late["reservation_id"])
    await boris.buy("A-1-1")
    answers = await asyncio.gather(
        *(send_webhook(client, message(payment)) for payment in (late, timely, late))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert await statuses(anna, late, timely) == ["refunded", "succeeded"]
    assert len((await anna.look(late))["refunds"]) == 1
    assert await audit(runtime) == []


async def test_the_answer_comes_after_the_commit(anna, client, runtime):
    payments = [await anna.begin(f"A-1-{n}") for n in range(1, 9)]

    async def hear(payment) -> str:
        await send_webhook(client, message(payment))
        return (await statuses(anna, payment))[0]

    assert set(await asyncio.gather(*(hear(payment) for payment in payments))) == {"succeeded"}


async def test_several_processes_that_hear_the_same_count_it_once(anna, runtime):
    payments = [await anna.begin(f"A-1-{n}") for n in range(1, 9)]
    webhooks = [said(payment) for payment in payments]
    outcomes = await asyncio.gather(
        *(
            hearings.act_on("sandbox", each)
            for number, hearings in enumerate(Hearings(runtime) for _ in range(3))
            for each in (webhooks if number % 2 else reversed(webhooks))
        )
    )
    counted = [str(outcome.id) for outcome in outcomes if outcome is not None]
    assert sorted(counted) == sorted(payment["id"] for payment in payments)
    assert await count_rows(runtime, "payments.webhook") == 8
    assert await audit(runtime) == []
