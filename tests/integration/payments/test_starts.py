"""Payments that are started in one transaction: each by its own key, and at nobody's cost."""

import asyncio
from uuid import UUID

import orjson
import pytest

from tests.support.paying import Buyer, audit, count_rows
from tiketi.infra.idempotency import DecidedBefore, RefusedAnew
from tiketi.infra.idempotency_store import Key
from tiketi.infra.runtime import open_runtime
from tiketi.kernel.errors import Invalid, NotFound
from tiketi.kernel.ids import new_id
from tiketi.payments.access import get_payment
from tiketi.payments.claims import Claims
from tiketi.payments.domain import PaymentStatus
from tiketi.payments.starting import Start
from tiketi.payments.starts import Starts
from tiketi.reservations.api import ReservationConfirmed


def key_of(user_id, name="k", fingerprint=b"f"):
    return Key(user_id, "POST", "/api/v1/payments", name, fingerprint)


def render(payment):
    return orjson.dumps(str(payment.id))


@pytest.fixture
async def buyers(client, event):
    return [Buyer(client, event) for _ in range(6)]


@pytest.fixture
async def other(settings, clock):
    """Another process."""
    process = open_runtime(settings)
    process.clock = clock
    yield process
    await process.close()


async def begin(runtime, buyer, reservation_id, name="k", **changes):
    start = Start(UUID(reservation_id), buyer.user_id, changes.get("provider"), None)
    fingerprint = changes.get("fingerprint", b"f")
    return await runtime.one(Starts).start(start, key_of(buyer.user_id, name, fingerprint), render)


async def test_each_of_a_batch_comes_to_its_own_end(runtime, buyers):
    paid, live, free, foreign, unknown, lost = buyers
    held = [await buyer.reserve(f"A-1-{at + 1}") for at, buyer in enumerate(buyers[:2])]
    await paid.buy("A-2-1")
    confirmed = (await paid.buy("A-2-2"))["reservation_id"]
    before = await live.start(held[1])
    costless = await free.reserve(general=[{"tier_id": str(_tier(free, "Free")), "quantity": 1}])
    ends = await asyncio.gather(
        begin(runtime, paid, held[0]),
        begin(runtime, live, held[1]),
        begin(runtime, free, costless),
        begin(runtime, foreign, held[0]),
        begin(runtime, unknown, held[0], provider="nobody"),
        begin(runtime, lost, str(new_id())),
        begin(runtime, paid, confirmed, "k2"),
        begin(runtime, paid, held[0], "k3", provider="nobody"),
        return_exceptions=True,
    )
    assert ends[0].payment.status is PaymentStatus.REQUIRES_ACTION
    assert str(ends[1].payment.id) == before["id"]
    assert ends[2].payment.status is PaymentStatus.SUCCEEDED
    assert all(isinstance(end, RefusedAnew) for end in ends[3:])
    assert [type(end.refusal) for end in ends[3:]] == [
        *(NotFound, NotFound, NotFound),
        ReservationConfirmed,
        Invalid,
    ]
    assert [end.answer for end in ends[:3]] == [render(end.payment) for end in ends[:3]]
    assert await free.ticket_statuses({"reservation_id": costless}) == ["valid"]
    assert await audit(runtime) == []


async def test_one_key_twice_at_once_is_answered_once(runtime, buyers):
    reservation_id = await buyers[0].reserve("A-1-1")
    ends = await asyncio.gather(
        *(begin(runtime, buyers[0], reservation_id) for _ in range(3)), return_exceptions=True
    )
    assert await count_rows(runtime, "payments.payment") == 1
    assert [type(end) for end in ends[1:]] == [DecidedBefore, DecidedBefore]
    assert {end.kept.body for end in ends[1:]} == {ends[0].answer}


async def test_one_key_for_two_reservations_in_two_processes_starts_one_payment(
    runtime, other, buyers
):
    """Whoever comes second keeps nothing of what it began, and its neighbours keep theirs."""
    anna, boris = buyers[:2]
    for round_number in range(4):
        seats = [f"A-{round_number + 1}-{at}" for at in range(1, 4)]
        first, second = await anna.reserve(seats[0]), await anna.reserve(seats[1])
        beside = await boris.reserve(seats[2])
        before = await count_rows(runtime, "payments.payment")
        name = f"k{round_number}"
        ends = await asyncio.gather(
            begin(runtime, anna, first, name),
            begin(runtime, boris, beside, name),
            begin(other, anna, second, name, fingerprint=b"g"),
            return_exceptions=True,
        )
        assert await count_rows(runtime, "payments.payment") == before + 2
        assert ends[1].payment.reservation_id == UUID(beside)
        assert sorted(isinstance(end, DecidedBefore) for end in (ends[0], ends[2])) == [False, True]
    assert await audit(runtime) == []


async def test_of_many_who_confirm_one_payment_one_may_ask_its_provider(runtime, other, buyers):
    begun = await buyers[0].begin("A-1-1")
    payment = await get_payment(runtime, UUID(begun["id"]))
    taken = await asyncio.gather(
        *(process.one(Claims).take(payment) for process in (runtime, other) for _ in range(8))
    )
    assert [each.id for each in taken if each is not None] == [payment.id]


def _tier(buyer, name):
    return next(tier.id for tier in buyer.event.tiers if tier.name == name)
