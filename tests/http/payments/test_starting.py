import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.support.paying import DECLINED, audit, count_rows, expire_hold
from tiketi.kernel.clock import rfc3339
from tiketi.kernel.ids import new_id

FIELDS = {
    "id", "reservation_id", "status", "amount", "currency", "provider", "client",
    "hold_expires_at", "failure_code", "refunded_amount", "refunds", "created_at",
}  # fmt: skip


async def test_a_payment_takes_the_server_s_own_amount(anna):
    reservation_id = await anna.reserve("A-1-1", "A-1-2")
    payment = await anna.start(reservation_id)
    assert set(payment) == FIELDS
    assert (payment["status"], payment["amount"], payment["currency"]) == (
        "requires_action",
        100_000,
        "KRW",
    )
    assert (payment["provider"], payment["reservation_id"]) == ("sandbox", reservation_id)
    refused = await anna.try_start(reservation_id, amount=1)
    assert refused.status_code == 422


async def test_a_second_payment_of_a_reservation_is_the_first(anna):
    reservation_id = await anna.reserve("A-1-1")
    first = await anna.start(reservation_id)
    again = await anna.try_start(reservation_id)
    assert (again.status_code, again.json()) == (201, first)


async def test_fifteen_parallel_starts_make_one_payment(anna, runtime):
    reservation_id = await anna.reserve("A-1-1")
    answers = await asyncio.gather(*(anna.try_start(reservation_id) for _ in range(15)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await count_rows(runtime, "payments.payment") == 1


async def test_the_same_key_replays_the_first_answer(anna):
    reservation_id = await anna.reserve("A-1-1")
    first = await anna.try_start(reservation_id, key="k")
    again = await anna.try_start(reservation_id, key="k")
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"


async def test_no_key_is_refused_and_starts_nothing(anna, client, runtime):
    reservation_id = await anna.reserve("A-1-1")
    answer = await client.post("/payments", {"reservation_id": reservation_id}, token=anna.token)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert await count_rows(runtime, "payments.payment") == 0


async def test_paying_extends_the_hold_once(anna, clock, settings):
    reservation_id = await anna.reserve("A-1-1")
    clock.advance(seconds=60)
    payment = await anna.start(reservation_id)
    extended = datetime.fromisoformat(payment["hold_expires_at"])
    expected = clock.now() + timedelta(seconds=settings.payment_extension_seconds)
    assert abs(extended - expected) < timedelta(seconds=10)
    reservation = await anna.look_at_reservation(payment)
    assert reservation["expires_at"] == payment["hold_expires_at"]
    clock.advance(seconds=60)
    assert (await anna.confirm(payment, DECLINED)).json()["status"] == "failed"
    second = await anna.start(reservation_id)
    assert second["id"] != payment["id"]
    assert second["hold_expires_at"] == payment["hold_expires_at"]


async def test_an_expired_reservation_is_not_payable(anna, runtime):
    reservation_id = await anna.reserve("A-1-1")
    await expire_hold(runtime, reservation_id)
    answer = await anna.try_start(reservation_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "reservation_expired")


async def test_a_hold_past_its_end_is_not_payable_before_any_sweep(anna, clock, settings):
    reservation_id = await anna.reserve("A-1-1")
    clock.advance(seconds=settings.hold_ttl_seconds + 1)
    answer = await anna.try_start(reservation_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "reservation_expired")


async def test_a_cancelled_reservation_is_not_payable(anna, client):
    reservation_id = await anna.reserve("A-1-1")
    await client.post(f"/reservations/{reservation_id}/cancel", token=anna.token)
    answer = await anna.try_start(reservation_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "reservation_cancelled")


async def test_a_paid_reservation_is_not_payable_again(anna, runtime):
    payment = await anna.buy("A-1-1")
    answer = await anna.try_start(payment["reservation_id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "reservation_confirmed")
    assert await audit(runtime) == []


async def test_another_s_reservation_reads_like_an_unknown_one(anna, boris):
    reservation_id = await anna.reserve("A-1-1")
    foreign = await boris.try_start(reservation_id)
    unknown = await boris.try_start(str(new_id()))
    assert foreign.status_code == unknown.status_code == 404
    assert {**foreign.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}


@pytest.mark.parametrize(
    "more",
    [
        {"provider": "piggybank"},
        {"provider": ""},
        {"provider": "none"},
        {"return_url": "javascript:alert(1)"},
        {"return_url": "//evil.test"},
        {"return_url": "/back"},
        {"return_url": "https://"},
        {"return_url": "https://shop.test/\r\nx: y"},
        {"return_url": "https://shop.test/" + "a" * 2_048},
        {"return_url": "http://[::1"},
        {"unknown": 1},
    ],
)
async def test_what_no_payment_can_be_made_of_is_refused(anna, more):
    answer = await anna.try_start(await anna.reserve("A-1-1"), **more)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert answer.json()["errors"][0]["loc"][0] == "body"


async def test_free_places_are_confirmed_at_once_without_a_provider(anna, event, runtime):
    free = next(tier for tier in event.tiers if tier.price_minor == 0)
    reservation_id = await anna.reserve(general=[{"tier_id": str(free.id), "quantity": 2}])
    payment = await anna.start(reservation_id)
    assert (payment["status"], payment["amount"], payment["provider"]) == ("succeeded", 0, "none")
    assert await anna.ticket_statuses(payment) == ["valid", "valid"]
    assert await count_rows(runtime, "sandbox.charge") == 0
    again = await anna.confirm(payment)
    assert (again.status_code, again.json()) == (200, payment)
    given_back = await anna.refund(payment)
    assert (given_back.status_code, given_back.json()["status"]) == (200, "refunded")
    assert await anna.ticket_statuses(payment) == ["void", "void"]
    assert (await anna.look_at_reservation(payment))["status"] == "refunded"
    assert await audit(runtime) == []


async def test_somebody_else_s_payment_reads_like_an_unknown_one(anna, boris, client):
    payment = await anna.begin("A-1-1")
    for method, suffix, body in (
        ("GET", "", None),
        ("POST", "/confirm", {"card": {"number": "x"}}),
        ("POST", "/confirm", [1]),
        ("POST", "/refund", {}),
    ):
        answers = [
            await client.call(
                method,
                f"/payments/{payment_id}{suffix}",
                body,
                token=boris.token,
                headers={"Idempotency-Key": str(uuid4())},
            )
            for payment_id in (payment["id"], new_id(), "x")
        ]
        assert [answer.status_code for answer in answers] == [404] * 3
        bodies = [{**answer.json(), "request_id": ""} for answer in answers]
        assert bodies[0] == bodies[1] == bodies[2]


async def test_who_runs_the_event_sees_its_payments(anna, client):
    payment = await anna.begin("A-1-1")
    path = f"/payments/{payment['id']}"
    assert (await client.get(path, token=client.token(role="admin"))).json() == payment
    for role in ("organizer", "staff"):
        assert (await client.get(path, token=client.token(role=role))).status_code == 404
    assert (await client.get(path)).status_code == 401


async def test_times_are_rfc_3339_in_utc(anna):
    payment = await anna.begin("A-1-1")
    for name in ("created_at", "hold_expires_at"):
        assert rfc3339(datetime.fromisoformat(payment[name])) == payment[name]
