import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.support.on_sale import General, Section, open_sale
from tiketi.events import api as events
from tiketi.kernel.ids import new_id


@pytest.fixture
async def event(runtime):
    return await open_sale(runtime, general=[General(capacity=10)])


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


async def reserve(client, event, token, seats=(), headers=None, **more):
    body = {"event_id": str(event.id), **more}
    if seats:
        body["seat_ids"] = list(seats)
    return await client.post("/reservations", body, token=token, headers=headers or key())


def general_tier(event):
    return next(tier for tier in event.tiers if tier.kind is events.TierKind.GENERAL)


async def test_a_reservation_holds_its_seats_for_five_minutes(client, event):
    token = client.token()
    answer = await reserve(client, event, token, ["A-1-1", "A-1-2"])
    assert answer.status_code == 201
    body = answer.json()
    assert body["status"] == "pending"
    assert body["number"].startswith("TK-")
    assert (body["amount"], body["currency"]) == (100_000, "KRW")
    assert [item["seat_id"] for item in body["items"]] == ["A-1-1", "A-1-2"]
    assert body["confirmed_at"] is None
    assert body["expires_at"].endswith("Z")
    again = await client.get(f"/reservations/{body['id']}", token=token)
    assert again.json() == body


async def test_the_second_buyer_is_refused_and_told_which_seats(client, event):
    await reserve(client, event, client.token(), ["A-1-1", "A-1-2"])
    refused = await reserve(client, event, client.token(), ["A-1-2", "A-1-3"])
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "seat_taken"
    assert refused.json()["seat_ids"] == ["A-1-2"]
    # All or none: the free one was not taken either.
    assert (await reserve(client, event, client.token(), ["A-1-3"])).status_code == 201


async def test_seats_and_general_places_are_one_order(client, event):
    tier = general_tier(event)
    token = client.token()
    answer = await reserve(
        client, event, token, ["A-1-1"], general=[{"tier_id": str(tier.id), "quantity": 2}]
    )
    assert answer.json()["amount"] == 50_000 + 2 * 30_000
    other = client.token()
    sold_out = await reserve(
        client, event, other, general=[{"tier_id": str(tier.id), "quantity": 4}]
    )
    assert sold_out.status_code == 201
    refused = await reserve(
        client,
        event,
        client.token(),
        ["A-2-1", "A-2-2"],
        general=[{"tier_id": str(tier.id), "quantity": 2}],
    )
    assert refused.status_code == 201
    gone = await reserve(
        client,
        event,
        client.token(),
        ["A-3-1"],
        general=[{"tier_id": str(tier.id), "quantity": 3}],
    )
    assert (gone.status_code, gone.json()["code"]) == (409, "sold_out")
    assert (await reserve(client, event, client.token(), ["A-3-1"])).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"seat_ids": []},
        {"seat_ids": ["A-1-1", "A-1-1"]},
        {"seat_ids": ["B-1-1"]},
        {"seat_ids": ["A-99-1"]},
        {"seat_ids": [""]},
        {"seat_ids": "A-1-1"},
        {"seat_ids": [1]},
        {"general": [{"tier_id": "00000000-0000-7000-8000-000000000000", "quantity": 1}]},
        {"seat_ids": ["A-1-1"], "amount": 1},
        {"seat_ids": ["A-1-1"], "lock_id": "x"},
    ],
)
async def test_what_the_event_has_not_is_invalid(client, event, body):
    refused = await client.post(
        "/reservations", {"event_id": str(event.id), **body}, token=client.token(), headers=key()
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert refused.json()["errors"][0]["loc"][0] == "body"


@pytest.mark.parametrize("quantity", [0, -1, 10**12, "1", 1.5, None])
async def test_a_quantity_below_one_is_invalid(client, event, quantity):
    wish = {"tier_id": str(general_tier(event).id), "quantity": quantity}
    assert (await reserve(client, event, client.token(), general=[wish])).status_code == 422


async def test_a_seated_tier_is_not_sold_by_quantity(client, event):
    seated = next(tier for tier in event.tiers if tier.kind is events.TierKind.SEATED)
    wish = {"tier_id": str(seated.id), "quantity": 1}
    assert (await reserve(client, event, client.token(), general=[wish])).status_code == 422


async def test_an_unknown_event_is_not_found(client):
    answer = await client.post(
        "/reservations",
        {"event_id": str(new_id()), "seat_ids": ["A-1-1"]},
        token=client.token(),
        headers=key(),
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        (timedelta(hours=1), timedelta(days=1)),
        (timedelta(days=-2), timedelta(days=-1)),
    ],
)
async def test_before_and_after_the_sale_nothing_is_sold(runtime, client, opens, closes):
    event = await open_sale(runtime, opens_in=opens, closes_in=closes)
    refused = await reserve(client, event, client.token(), ["A-1-1"])
    assert (refused.status_code, refused.json()["code"]) == (409, "sale_not_open")


async def test_over_the_order_s_limit_is_refused(client, event):
    refused = await reserve(client, event, client.token(), [f"A-1-{n}" for n in range(1, 6)])
    assert (refused.status_code, refused.json()["code"]) == (409, "limit_exceeded")


async def test_100_parallel_orders_of_one_account_stay_within_its_limit(runtime, client):
    event = await open_sale(
        runtime,
        sections=[Section(rows=10, seats_per_row=10)],
        limits=events.Limits(seats_per_order=2, seats_per_user=3),
    )
    token = client.token()
    answers = await asyncio.gather(
        *(reserve(client, event, token, [f"A-{1 + n // 10}-{1 + n % 10}"]) for n in range(100))
    )
    codes = [answer.json().get("code", "held") for answer in answers]
    assert codes.count("held") == 3
    assert codes.count("limit_exceeded") == 97


async def test_another_s_locked_seat_is_taken_and_one_s_own_is_used(client, event):
    anna, boris = client.token(), client.token()
    lock = await client.post(
        "/reservations/locks", {"event_id": str(event.id), "seat_ids": ["A-1-1"]}, token=anna
    )
    assert lock.status_code == 201
    refused = await reserve(client, event, boris, ["A-1-1", "A-1-2"])
    assert (refused.status_code, refused.json()["seat_ids"]) == (409, ["A-1-1"])
    held = await reserve(client, event, anna, ["A-1-1", "A-1-2"], lock_id=lock.json()["lock_id"])
    assert held.status_code == 201


async def test_a_lock_that_is_gone_is_lost(client, event):
    answer = await reserve(client, event, client.token(), ["A-1-1"], lock_id=str(new_id()))
    assert (answer.status_code, answer.json()["code"]) == (409, "lock_lost")


async def test_the_key_is_required_only_after_the_order_makes_sense(client, event):
    token = client.token()
    body = {"event_id": str(event.id), "seat_ids": ["A-1-1"]}
    missing = await client.post("/reservations", body, token=token)
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_required")
    foreign = await client.post("/reservations", {**body, "seat_ids": ["Z-1-1"]}, token=token)
    assert foreign.status_code == 422


async def test_the_same_key_again_is_the_first_answer_byte_for_byte(client, event):
    token, headers = client.token(), key()
    first = await reserve(client, event, token, ["A-1-1"], headers)
    again = await reserve(client, event, token, ["A-1-1"], headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]


async def test_a_refusal_is_replayed_too(client, event):
    await reserve(client, event, client.token(), ["A-1-1"])
    token, headers = client.token(), key()
    first = await reserve(client, event, token, ["A-1-1"], headers)
    again = await reserve(client, event, token, ["A-1-1"], headers)
    assert (first.status_code, again.status_code) == (409, 409)
    assert again.content == first.content
    assert again.headers["content-type"] == "application/problem+json"


async def test_an_event_that_was_unknown_stays_so_for_its_key(runtime, client):
    draft = await open_sale(runtime, publish=False)
    token, headers = client.token(), key()
    first = await reserve(client, draft, token, ["A-1-1"], headers)
    async with runtime.database.transaction() as tx:
        await events.publish_event(tx, draft.id, now=runtime.clock.now())
    again = await reserve(client, draft, token, ["A-1-1"], headers)
    assert (first.status_code, again.status_code) == (404, 404)
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")


async def test_what_was_invalid_is_not_kept_with_its_key(client, event):
    token, headers = client.token(), key()
    assert (await reserve(client, event, token, ["Z-1-1"], headers)).status_code == 422
    assert (await reserve(client, event, token, ["A-1-1"], headers)).status_code == 201


async def test_a_key_with_another_body_is_refused_and_another_users_key_is_not(client, event):
    token, headers = client.token(), key()
    await reserve(client, event, token, ["A-1-1"], headers)
    reused = await reserve(client, event, token, ["A-1-2"], headers)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert (await reserve(client, event, client.token(), ["A-1-2"], headers)).status_code == 201


async def test_ten_requests_with_one_key_make_one_reservation(runtime, client, event):
    token, headers = client.token(), key()
    answers = await asyncio.gather(
        *(reserve(client, event, token, ["A-1-1"], headers) for _ in range(10))
    )
    outcomes = {answer.json().get("code", "held") for answer in answers}
    assert outcomes <= {"held", "idempotency_in_progress"}
    async with runtime.database.latest() as reader:
        count = await reader.execute(text("SELECT count(*) FROM reservations.reservation"))
        assert count.scalar_one() == 1


async def test_one_key_stays_one_reservation_with_the_marker_lost(runtime, client, event):
    """Redis forgets who is in flight; PostgreSQL still lets only one of them decide."""
    token, headers = client.token(), key()

    async def forget():
        for _ in range(20):
            await runtime.redis.command("FLUSHALL")
            await asyncio.sleep(0)

    *answers, _ = await asyncio.gather(
        *(reserve(client, event, token, ["A-1-1"], headers) for _ in range(8)), forget()
    )
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}


async def test_best_available_is_together_and_central(client, event):
    body = {"event_id": str(event.id), "quantity": 2}
    best = await client.post(
        "/reservations/best-available", body, token=client.token(), headers=key()
    )
    assert best.status_code == 201
    assert [item["seat_id"] for item in best.json()["items"]] == ["A-1-5", "A-1-6"]


async def test_best_available_under_contention_gives_each_their_own(client, event):
    body = {"event_id": str(event.id), "quantity": 2}
    answers = await asyncio.gather(
        *(
            client.post("/reservations/best-available", body, token=client.token(), headers=key())
            for _ in range(10)
        )
    )
    seats = [item["seat_id"] for a in answers if a.status_code == 201 for item in a.json()["items"]]
    assert len(seats) == len(set(seats))
    assert [a.status_code for a in answers] == [201] * 10


async def test_no_seats_together_is_said(runtime, client):
    event = await open_sale(runtime, sections=[Section(rows=2, seats_per_row=3)])
    for seat in ("A-1-2", "A-2-2"):
        await reserve(client, event, client.token(), [seat])
    body = {"event_id": str(event.id), "quantity": 2}
    apart = await client.post(
        "/reservations/best-available", body, token=client.token(), headers=key()
    )
    assert (apart.status_code, apart.json()["code"]) == (409, "no_seats_together")
    spread = await client.post(
        "/reservations/best-available",
        {**body, "adjacent": False},
        token=client.token(),
        headers=key(),
    )
    assert spread.status_code == 201
