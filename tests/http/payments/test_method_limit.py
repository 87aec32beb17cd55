"""One card pays for so many places at an event, whoever holds them."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.support.on_sale import Section, open_sale
from tests.support.paying import DECLINED, GOOD, REDIRECT, WEBHOOK_LATER, Buyer, audit
from tiketi.events import api as events

LIMITS = events.Limits(seats_per_order=4, seats_per_user=8, seats_per_payment_method=4)


@pytest.fixture
async def event(runtime, clock):
    return await open_sale(
        runtime, sections=[Section("A", rows=10, seats_per_row=10)], limits=LIMITS
    )


async def ends(buyer, payment, card=GOOD):
    answer = await buyer.confirm(payment, card)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return body["status"], body["failure_code"]


async def test_over_the_limit_nothing_is_taken_and_the_hold_stands(anna, boris, runtime):
    assert await ends(anna, await anna.begin("A-1-1", "A-1-2", "A-1-3")) == ("succeeded", None)
    payment = await boris.begin("A-2-1", "A-2-2")
    assert await ends(boris, payment) == ("failed", "payment_method_limit")
    assert (await boris.confirm(payment)).json()["code"] == "payment_final"
    reservation = await boris.look_at_reservation(payment)
    assert reservation["status"] == "pending"
    again = await boris.start(payment["reservation_id"])
    assert await ends(boris, again, WEBHOOK_LATER) == ("processing", None)
    # What is within the limit is still paid.
    assert await ends(boris, await boris.begin("A-3-1")) == ("succeeded", None)
    assert await audit(runtime) == []


async def test_many_accounts_with_one_card_at_once_stay_within_the_limit(client, event, runtime):
    buyers = [Buyer(client, event) for _ in range(20)]
    payments = await asyncio.gather(
        *(buyer.begin(f"A-{1 + n // 10}-{1 + n % 10}") for n, buyer in enumerate(buyers))
    )
    results = await asyncio.gather(*map(ends, buyers, payments))
    assert Counter(results) == {("succeeded", None): 4, ("failed", "payment_method_limit"): 16}
    assert await audit(runtime) == []


async def test_what_failed_or_went_back_counts_no_longer(anna, boris):
    declined = await anna.begin("A-1-1", "A-1-2", "A-1-3", "A-1-4")
    assert await ends(anna, declined, DECLINED) == ("failed", "card_declined")
    other = await anna.begin("A-2-1", "A-2-2", "A-2-3", "A-2-4")
    assert await ends(anna, other, DECLINED) == ("failed", "card_declined")
    paid = await boris.begin("A-3-1", "A-3-2", "A-3-3", "A-3-4")
    assert await ends(boris, paid) == ("succeeded", None)
    assert await ends(boris, await boris.begin("A-4-1")) == ("failed", "payment_method_limit")
    assert (await boris.refund(paid)).status_code == 200
    assert await ends(boris, await boris.begin("A-5-1")) == ("succeeded", None)


async def test_what_waits_for_the_buyer_on_the_providers_page_counts(anna, boris):
    first = await anna.begin("A-1-1", "A-1-2", "A-1-3", "A-1-4")
    assert (await ends(anna, first, REDIRECT))[0] == "processing"
    second = await boris.begin("A-2-1")
    assert await ends(boris, second, REDIRECT) == ("failed", "payment_method_limit")


async def test_the_card_is_kept_nowhere_and_is_another_at_another_event(anna, runtime, client):
    assert (await anna.buy("A-1-1"))["status"] == "succeeded"
    other = await open_sale(runtime, sections=[Section("A")], limits=LIMITS)
    boris = Buyer(client, other)
    assert (await boris.buy("A-1-1"))["status"] == "succeeded"
    async with runtime.database.latest() as reader:
        rows = await reader.execute(
            text("SELECT method_digest, p::text FROM payments.payment AS p")
        )
        found = rows.all()
    assert len({bytes(row.method_digest) for row in found}) == 2
    assert not [row for row in found if GOOD in row.p]


async def test_without_a_limit_nothing_is_noted(client, runtime):
    free = replace(LIMITS, seats_per_payment_method=None)
    event = await open_sale(runtime, sections=[Section("A")], limits=free)
    buyers = [Buyer(client, event) for _ in range(2)]
    for row, buyer in enumerate(buyers, start=1):
        await buyer.buy(*(f"A-{row}-{n}" for n in range(1, 5)))
    async with runtime.database.latest() as reader:
        noted = await reader.execute(text("SELECT count(method_digest) FROM payments.payment"))
        assert noted.scalar_one() == 0
