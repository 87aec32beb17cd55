"""Payments that are settled in one transaction: each comes to its own end."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from tests.support.on_sale import Section, open_sale
from tests.support.paying import DECLINED, GOOD, Buyer, audit, expire_hold
from tiketi.kernel.ids import new_id
from tiketi.payments.providers.protocol import ChargeState, ChargeStatus
from tiketi.payments.settlements import Settlements


@pytest.fixture
async def event(runtime):
    return await open_sale(runtime, sections=[Section("A", 4, 10)])


def settled_in_batches() -> float:
    labels = {"batch": "settlements"}
    count = REGISTRY.get_sample_value("tiketi_batch_size_count", labels) or 0.0
    return (REGISTRY.get_sample_value("tiketi_batch_size_sum", labels) or 0.0) - count


async def test_buyers_who_pay_at_once_each_get_what_they_paid_for(client, runtime, event):
    buyers = [Buyer(client, event) for _ in range(14)]
    seats = [f"A-{1 + at // 10}-{1 + at % 10}" for at in range(14)]
    payments = [await buyer.begin(seat) for buyer, seat in zip(buyers, seats, strict=True)]
    for late in (3, 7):
        await expire_hold(runtime, payments[late]["reservation_id"])
    await Buyer(client, event).buy(seats[7])
    together = settled_in_batches()
    answers = await asyncio.gather(
        *(
            buyer.confirm(payment, DECLINED if at == 11 else GOOD)
            for at, (buyer, payment) in enumerate(zip(buyers, payments, strict=True))
        )
    )
    ends = [answer.json()["status"] for answer in answers]
    assert ends.pop(11) == "failed"
    assert ends.pop(7) == "refunded"
    assert set(ends) == {"succeeded"}
    assert settled_in_batches() > together
    for at, (buyer, payment) in enumerate(zip(buyers, payments, strict=True)):
        tickets = await buyer.ticket_statuses(payment)
        assert tickets == ([] if at in {7, 11} else ["valid"])
    assert await audit(runtime) == []


async def test_an_unknown_payment_among_them_harms_nobody(client, runtime, event):
    buyers = [Buyer(client, event) for _ in range(5)]
    payments = [await buyer.begin(f"A-1-{at + 1}") for at, buyer in enumerate(buyers)]
    answers = await asyncio.gather(
        *(buyer.confirm(payment) for buyer, payment in zip(buyers, payments, strict=True)),
        runtime.one(Settlements).settle(
            new_id(), ChargeState(ChargeStatus.CAPTURED, "nobody's", 1, "KRW")
        ),
        return_exceptions=True,
    )
    assert type(answers.pop()).__name__ == "NotFound"
    assert {answer.json()["status"] for answer in answers} == {"succeeded"}
    assert await audit(runtime) == []
