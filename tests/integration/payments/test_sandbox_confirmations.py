"""What confirmations that are written together come to, each by itself."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from tiketi.kernel.ids import new_id
from tiketi.payments.providers.directory import Providers
from tiketi.payments.providers.protocol import Charge, ChargeStatus, WebhookKind
from tiketi.payments.providers.sandbox.books import BookStatus, new_charge_id
from tiketi.payments.providers.sandbox.confirmations import Confirmation, Confirmations

CAPTURED = {"status": BookStatus.CAPTURED, "echo": WebhookKind.SUCCEEDED}
DECLINED = {
    "status": BookStatus.DECLINED,
    "failure_code": "card_declined",
    "echo": WebhookKind.FAILED,
}
GOOD = {"card": {"number": "4242424242424242"}}
BAD = {"card": {"number": "4000000000000002"}}


def a_charge(**changes) -> Charge:
    chosen = {"amount_minor": 50_000, "currency": "KRW", "provider_payment_id": new_charge_id()}
    return Charge(payment_id=new_id(), **{**chosen, **changes})


# Its books refuse a refund sum above its amount, so a charge below zero fails the statement.
def a_charge_that_fails() -> Charge:
    return a_charge(amount_minor=-1)


async def confirm_all(runtime, *asked):
    confirmations = runtime.one(Confirmations)
    return await asyncio.gather(
        *(confirmations.confirm(each) for each in asked), return_exceptions=True
    )


async def books(runtime):
    """Of each charge, by payment: status, failure code, when it settles."""
    async with runtime.database.latest() as reader:
        rows = await reader.execute(
            text("SELECT payment_id, status, failure_code, settles_at FROM sandbox.charge")
        )
        return {row.payment_id: (row.status, row.failure_code, row.settles_at) for row in rows}


async def echoes(runtime):
    async with runtime.database.latest() as reader:
        rows = await reader.execute(
            text("""
                SELECT c.payment_id, w.type, w.amount_minor FROM sandbox.webhook AS w
                JOIN sandbox.charge AS c ON c.id = w.charge_id WHERE w.is_echo""")
        )
        return sorted(tuple(row) for row in rows)


async def count_transactions(runtime):
    async with runtime.database.latest() as reader:
        rows = await reader.execute(text("SELECT count(DISTINCT xmin::text) FROM sandbox.charge"))
        return rows.scalar_one()


async def test_those_that_come_together_are_one_statement_and_each_has_its_own_end(runtime):
    paid, refused, redirected, later, silent = (a_charge() for _ in range(5))
    until = runtime.clock.now() + timedelta(seconds=5)
    entries = await confirm_all(
        runtime,
        Confirmation(paid, **CAPTURED),
        Confirmation(refused, **DECLINED),
        Confirmation(redirected, BookStatus.REDIRECT),
        Confirmation(later, BookStatus.PROCESSING, settles_at=until),
        Confirmation(silent, BookStatus.CAPTURED),
    )
    assert [entry.status for entry in entries] == [
        BookStatus.CAPTURED,
        BookStatus.DECLINED,
        BookStatus.REDIRECT,
        BookStatus.PROCESSING,
        BookStatus.CAPTURED,
    ]
    assert [entry.id for entry in entries] == [
        charge.provider_payment_id for charge in (paid, refused, redirected, later, silent)
    ]
    assert await books(runtime) == {
        paid.payment_id: ("captured", None, None),
        refused.payment_id: ("declined", "card_declined", None),
        redirected.payment_id: ("redirect", None, None),
        later.payment_id: ("processing", None, until),
        silent.payment_id: ("captured", None, None),
    }
    assert await echoes(runtime) == sorted(
        [
            (paid.payment_id, "payment.succeeded", 50_000),
            (refused.payment_id, "payment.failed", 50_000),
        ]
    )
    assert await count_transactions(runtime) == 1


async def test_what_was_confirmed_before_stays_as_it_was(runtime):
    known, fresh = a_charge(), a_charge()
    await confirm_all(runtime, Confirmation(known, **CAPTURED))
    repeated, entry = await confirm_all(
        runtime, Confirmation(known, **DECLINED), Confirmation(fresh, **DECLINED)
    )
    assert (repeated, entry.status) == (None, BookStatus.DECLINED)
    assert (await books(runtime))[known.payment_id] == ("captured", None, None)
    assert len(await echoes(runtime)) == 2


async def test_a_charge_asked_for_twice_at_once_is_confirmed_by_the_first(runtime):
    charge, other = a_charge(), a_charge()
    first, again, entry, third = await confirm_all(
        runtime,
        Confirmation(charge, **DECLINED),
        Confirmation(charge, **CAPTURED),
        Confirmation(other, **CAPTURED),
        Confirmation(charge, **CAPTURED),
    )
    assert (first.status, again, third) == (BookStatus.DECLINED, None, None)
    assert entry.status is BookStatus.CAPTURED
    assert len(await echoes(runtime)) == 2
    assert await count_transactions(runtime) == 1


async def test_one_that_cannot_be_written_costs_nobody_else_theirs(runtime):
    charges = [a_charge() for _ in range(4)]
    poisoned = a_charge_that_fails()
    asked = [Confirmation(charge, **CAPTURED) for charge in charges]
    asked.insert(2, Confirmation(poisoned, **CAPTURED))
    entries = await confirm_all(runtime, *asked)
    assert isinstance(entries.pop(2), Exception)
    assert [entry.payment_id for entry in entries] == [charge.payment_id for charge in charges]
    assert set(await books(runtime)) == {charge.payment_id for charge in charges}
    assert len(await echoes(runtime)) == 4


async def test_a_caller_who_gives_up_changes_nothing_for_the_others(runtime):
    charges = [a_charge() for _ in range(3)]
    confirmations = runtime.one(Confirmations)
    asking = [
        asyncio.create_task(confirmations.confirm(Confirmation(charge, **CAPTURED)))
        for charge in charges
    ]
    await asyncio.sleep(0)
    asking[1].cancel()
    first, given_up, last = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(given_up, asyncio.CancelledError)
    assert first.status is last.status is BookStatus.CAPTURED


async def test_opposite_orders_of_the_same_charges_end(runtime):
    charges = [a_charge() for _ in range(20)]
    others = [Confirmations(runtime) for _ in range(4)]
    asked = [
        each.confirm(Confirmation(charge, **CAPTURED))
        for number, each in enumerate(others)
        for charge in (charges if number % 2 else reversed(charges))
    ]
    entries = await asyncio.gather(*asked)
    confirmed = [entry.payment_id for entry in entries if entry is not None]
    assert sorted(confirmed) == sorted(charge.payment_id for charge in charges)
    assert len(await echoes(runtime)) == 20


@pytest.mark.parametrize("introduced", [False, True])
async def test_the_provider_answers_a_repeat_as_the_charge_stands(runtime, introduced):
    sandbox = runtime.one(Providers).get("sandbox").provider
    charge = a_charge()
    if introduced:
        assert (await sandbox.fetch(charge)).status is ChargeStatus.CREATED
    states = await asyncio.gather(
        *(sandbox.confirm(charge, details) for details in (GOOD, BAD, GOOD))
    )
    assert {state.status for state in states} == {ChargeStatus.CAPTURED}
    assert {state.provider_payment_id for state in states} == {charge.provider_payment_id}
