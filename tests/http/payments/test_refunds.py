import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.support.on_sale import Section, open_sale
from tests.support.paying import Buyer, audit, count_rows
from tiketi.events.api import RefundPolicy
from tiketi.kernel.ids import new_id
from tiketi.payments.loops import reconcile


async def with_policy(client, runtime, **sale) -> Buyer:
    return Buyer(client, await open_sale(runtime, sections=[Section("B")], **sale))


async def test_a_full_refund_voids_the_tickets_and_returns_the_seats(anna, boris, runtime):
    payment = await anna.buy("A-1-1", "A-1-2")
    answer = await anna.refund(payment)
    assert answer.status_code == 200
    refunded = answer.json()
    assert (refunded["status"], refunded["refunded_amount"]) == ("refunded", 100_000)
    assert [(one["amount"], one["status"]) for one in refunded["refunds"]] == [
        (100_000, "succeeded")
    ]
    assert await anna.ticket_statuses(payment) == ["void", "void"]
    assert (await anna.look_at_reservation(payment))["status"] == "refunded"
    assert (await boris.buy("A-1-1"))["status"] == "succeeded"
    assert await audit(runtime) == []


async def test_a_part_leaves_the_tickets_and_the_rest_takes_them(anna, runtime):
    payment = await anna.buy("A-1-1")
    first = await anna.refund(payment, 20_000)
    assert (first.status_code, first.json()["status"]) == (200, "partially_refunded")
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert await audit(runtime) == []
    over = await anna.refund(payment, 30_001)
    assert (over.status_code, over.json()["code"]) == (409, "refund_exceeds_captured")
    rest = await anna.refund(payment)
    assert (rest.json()["status"], rest.json()["refunded_amount"]) == ("refunded", 50_000)
    assert await anna.ticket_statuses(payment) == ["void"]
    none_left = await anna.refund(payment)
    assert (none_left.status_code, none_left.json()["code"]) == (409, "refund_exceeds_captured")
    assert await audit(runtime) == []


async def test_nothing_is_refunded_that_was_not_taken(anna):
    payment = await anna.begin("A-1-1")
    answer = await anna.refund(payment)
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_exceeds_captured")


@pytest.mark.parametrize("amount", [0, -1, 10**12 + 1, 1.5, "100", True])
async def test_an_amount_that_is_none_is_refused(anna, amount):
    payment = await anna.buy("A-1-1")
    answer = await anna.refund(payment, amount)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_parallel_refunds_never_exceed_the_payment(anna, runtime):
    payment = await anna.buy("A-1-1")
    answers = await asyncio.gather(*(anna.refund(payment, 15_000) for _ in range(12)))
    done = [answer for answer in answers if answer.status_code == 200]
    refused = {answer.json()["code"] for answer in answers if answer.status_code != 200}
    assert (len(done), refused) == (3, {"refund_exceeds_captured"})
    assert (await anna.look(payment))["refunded_amount"] == 45_000
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert await audit(runtime) == []


async def test_parallel_full_refunds_are_one(anna, runtime):
    payment = await anna.buy("A-1-1")
    answers = await asyncio.gather(*(anna.refund(payment) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    assert await count_rows(runtime, "sandbox.refund") == 1
    assert await audit(runtime) == []


async def test_the_same_key_is_the_same_refund(anna, runtime):
    payment = await anna.buy("A-1-1")
    first = await anna.refund(payment, 10_000, key="k")
    again = await anna.refund(payment, 10_000, key="k")
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    other = await anna.refund(payment, 10_001, key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await anna.look(payment))["refunded_amount"] == 10_000


async def test_a_key_whose_answer_was_never_kept_still_refunds_once(anna, runtime):
    """The process died after the refund, before it could remember its answer."""
    payment = await anna.buy("A-1-1")
    await anna.refund(payment, 10_000, key="k")
    async with runtime.database.transaction() as tx:
        await tx.execute(text("DELETE FROM infra.idempotency_key"))
    again = await anna.refund(payment, 10_000, key="k")
    assert (again.status_code, again.json()["refunded_amount"]) == (200, 10_000)
    assert await count_rows(runtime, "sandbox.refund") == 1


async def test_a_refund_cut_off_in_the_middle_is_finished_once(anna, runtime, clock, settings):
    payment = await anna.buy("A-1-1")
    await anna.refund(payment)
    async with runtime.database.transaction() as tx:
        # As it stood when the provider had been asked and its answer was not written down yet.
        await tx.execute(
            text("""
                UPDATE payments.payment SET status = 'succeeded', refunded_minor = 0,
                    released_at = NULL""")
        )
        await tx.execute(text("UPDATE payments.refund SET status = 'pending', check_at = now()"))
    over = await anna.refund(payment, 1)
    assert over.json()["code"] == "refund_exceeds_captured"
    clock.advance(seconds=settings.payment_reconcile_after_seconds + 1)
    await asyncio.gather(*(reconcile(runtime) for _ in range(3)))
    assert (await anna.look(payment))["status"] == "refunded"
    assert await count_rows(runtime, "sandbox.refund") == 1
    assert await audit(runtime) == []


async def test_after_the_last_moment_only_who_runs_the_event_refunds(client, runtime, clock):
    organizer_id = new_id()
    anna = await with_policy(
        client, runtime, starts_in=timedelta(hours=25), organizer_id=organizer_id,
        closes_in=timedelta(hours=24, minutes=59),
    )  # fmt: skip
    payment = await anna.buy("B-1-1")
    clock.advance(minutes=61)
    answer = await anna.refund(payment)
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_not_allowed")
    stranger = client.token(role="organizer")
    assert (await anna.refund(payment, token=stranger)).status_code == 404
    assert (await anna.refund(payment, token=client.token(role="staff"))).status_code == 404
    own = client.token(organizer_id, role="organizer")
    assert (await anna.refund(payment, 10_000, token=own)).status_code == 200
    answer = await anna.refund(payment, token=client.token(role="admin"))
    assert (answer.status_code, answer.json()["status"]) == (200, "refunded")
    assert await audit(runtime) == []


async def test_the_owner_gets_the_policy_s_share_and_gives_the_tickets_back(client, runtime, clock):
    anna = await with_policy(client, runtime, refund_policy=RefundPolicy(percent=50))
    payment = await anna.buy("B-1-1")
    over = await anna.refund(payment, 25_001)
    assert (over.status_code, over.json()["code"]) == (409, "refund_not_allowed")
    answer = await anna.refund(payment)
    assert answer.json()["status"] == "partially_refunded"
    assert answer.json()["refunded_amount"] == 25_000
    assert await anna.ticket_statuses(payment) == ["void"]
    assert (await anna.look_at_reservation(payment))["status"] == "refunded"
    assert (await anna.refund(payment)).json()["code"] == "refund_not_allowed"
    assert await audit(runtime) == []
    rest = await anna.refund(payment, token=client.token(role="admin"))
    assert (rest.json()["status"], rest.json()["refunded_amount"]) == ("refunded", 50_000)
    assert await audit(runtime) == []


async def test_no_refunds_where_the_policy_gives_none(client, runtime, clock):
    anna = await with_policy(client, runtime, refund_policy=RefundPolicy(percent=0))
    payment = await anna.buy("B-1-1")
    assert (await anna.refund(payment)).json()["code"] == "refund_not_allowed"
    assert await anna.ticket_statuses(payment) == ["valid"]


async def test_a_used_ticket_is_not_given_back_by_its_owner(anna, client, runtime):
    payment = await anna.buy("A-1-1")
    async with runtime.database.transaction() as tx:
        await tx.execute(text("UPDATE tickets.ticket SET status = 'used', checked_in_at = now()"))
    assert (await anna.refund(payment)).json()["code"] == "refund_not_allowed"
    answer = await anna.refund(payment, token=client.token(role="admin"))
    assert answer.json()["status"] == "refunded"
