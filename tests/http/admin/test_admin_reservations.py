import pytest

from tests.http.admin.house import buyer_of
from tests.support.paying import audit, expire_hold
from tiketi.kernel.ids import new_id


@pytest.fixture
async def event(organizer):
    return await organizer.make_event(publish=True)


@pytest.fixture
async def kim(client, event):
    return await buyer_of(client, event, "Kim@tiketi.test")


@pytest.fixture
async def lee(client, event):
    return await buyer_of(client, event, "lee@tiketi.test")


async def found(crew, **query) -> list[str]:
    answer = await crew.get("/reservations", params=query)
    assert answer.status_code == 200, answer.text
    return [reservation["id"] for reservation in answer.json()["items"]]


async def test_a_reservation_is_shown_with_its_event_buyer_and_payment(staff, kim, event):
    payment = await kim.buy("VIP-1-1", "VIP-1-2")
    (shown,) = (await staff.get("/reservations")).json()["items"]
    assert (shown["id"], shown["status"]) == (payment["reservation_id"], "confirmed")
    assert (shown["event_id"], shown["event_title"]) == (event["id"], event["title"])
    assert shown["user"] == {
        "id": str(kim.user_id),
        "email": "Kim@tiketi.test",
        "name": "Kim",
        "phone": None,
    }
    assert (shown["amount"], shown["currency"]) == (300_000, "KRW")
    assert [item["seat_id"] for item in shown["items"]] == ["VIP-1-1", "VIP-1-2"]
    paid = shown["payment"]
    assert (paid["id"], paid["status"], paid["amount"]) == (payment["id"], "succeeded", 300_000)
    assert paid["refunded_amount"] == 0


async def test_it_is_found_by_number_address_name_and_seat(staff, kim, lee, event):
    first = await kim.reserve("A-1-1")
    second = await lee.reserve("A-1-2")
    numbers = {
        reservation["id"]: reservation["number"]
        for reservation in (await staff.get("/reservations")).json()["items"]
    }
    for scope in ({}, {"event_id": event["id"]}):
        for query in (numbers[first], numbers[first].lower(), "kim@tiketi.test", "KIM", "a-1-1"):
            assert await found(staff, q=query, **scope) == [first], (query, scope)
        assert await found(staff, q=" lee ", **scope) == [second]
        for query in ("nobody", "%", "_im", "A-9-9", "TK-", "\\"):
            assert await found(staff, q=query, **scope) == [], (query, scope)


async def test_status_event_and_pages_narrow_it(staff, organizer, kim, lee, runtime):
    expired = await kim.reserve("A-1-1")
    await expire_hold(runtime, expired)
    pending = [await lee.reserve(f"A-2-{number}") for number in (1, 2, 3)]
    other = await organizer.make_event(publish=True)
    elsewhere = await (await buyer_of(kim.client, other, "kim2@tiketi.test")).reserve("A-1-1")
    assert await found(staff, status="expired") == [expired]
    assert await found(staff, event_id=other["id"]) == [elsewhere]
    assert set(await found(staff, q="kim")) == {expired, elsewhere}
    assert await found(staff, q="kim", status="pending") == [elsewhere]
    for query in ({"q": "lee"}, {"event_id": pending and str(lee.event.id), "status": "pending"}):
        seen: list[str] = []
        cursor = None
        for _ in range(3):
            answer = await staff.get(
                "/reservations",
                params={**query, "limit": 1, **({"cursor": cursor} if cursor else {})},
            )
            seen += [reservation["id"] for reservation in answer.json()["items"]]
            cursor = answer.json()["next_cursor"]
        assert cursor is None
        assert sorted(seen) == sorted(pending)
    for wrong in ({"status": "open"}, {"cursor": "x"}, {"limit": 0}, {"event_id": "x"}):
        assert (await staff.get("/reservations", params=wrong)).status_code == 422


async def test_an_organizer_finds_their_own_events_only(organizer, rival, kim, event):
    held = await kim.reserve("A-1-1")
    assert await found(organizer) == [held]
    assert await found(rival) == []
    assert await found(rival, q="kim") == []
    foreign = await rival.get("/reservations", params={"event_id": event["id"]})
    unknown = await rival.get("/reservations", params={"event_id": str(new_id())})
    assert foreign.status_code == unknown.status_code == 404


async def test_an_erased_buyer_is_no_longer_found_and_their_reservation_is(staff, kim, client):
    held = await kim.reserve("A-1-1")
    assert (await client.delete("/auth/me", token=kim.token)).status_code == 204
    assert await found(staff, q="kim") == []
    (shown,) = (await staff.get("/reservations")).json()["items"]
    assert (shown["id"], shown["user"]) == (held, None)


async def test_a_whole_refund_voids_the_tickets_and_returns_the_seats(
    organizer, kim, lee, admin, runtime
):
    payment = await kim.buy("VIP-1-1")
    answer = await organizer.refund(payment["reservation_id"])
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["id"], shown["status"]) == (payment["id"], "refunded")
    assert (shown["amount"], shown["refunded_amount"]) == (150_000, 150_000)
    assert (await kim.look_at_reservation(payment))["status"] == "refunded"
    assert await kim.ticket_statuses(payment) == ["void"]
    await lee.buy("VIP-1-1")
    assert await audit(runtime) == []
    trail = await admin.get(f"/audit?subject_id={payment['reservation_id']}")
    (entry,) = trail.json()["items"]
    assert (entry["action"], entry["actor_id"]) == ("reservation.refund", organizer.id)
    assert entry["detail"]["payment_id"] == payment["id"]


async def test_a_partial_refund_leaves_the_tickets(organizer, kim, runtime):
    payment = await kim.buy("VIP-1-1")
    answer = await organizer.refund(payment["reservation_id"], 50_000)
    assert (answer.json()["status"], answer.json()["refunded_amount"]) == (
        "partially_refunded",
        50_000,
    )
    assert await kim.ticket_statuses(payment) == ["valid"]
    over = await organizer.refund(payment["reservation_id"], 100_001)
    assert (over.status_code, over.json()["code"]) == (409, "refund_exceeds_captured")
    assert (await organizer.refund(payment["reservation_id"], 100_000)).json()[
        "status"
    ] == "refunded"
    assert await audit(runtime) == []


async def test_the_same_key_refunds_once(organizer, kim, admin):
    payment = await kim.buy("VIP-1-1")
    path = f"/reservations/{payment['reservation_id']}/refund"
    headers = {"Idempotency-Key": "once"}
    body = {"amount": 10_000, "reason": "무대가 안 보임"}
    first = await organizer.post(path, body, headers=headers)
    again = await organizer.post(path, body, headers=headers)
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json()["refunded_amount"] == 10_000
    other = await organizer.post(path, {"amount": 20_000}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    missing = await organizer.post(path, body)
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_required")
    trail = await admin.get("/audit?action=reservation.refund")
    assert [entry["detail"]["reason"] for entry in trail.json()["items"]] == ["무대가 안 보임"]


async def test_what_was_not_paid_and_what_is_anothers_is_not_found(organizer, rival, kim):
    held = await kim.reserve("A-1-1")
    assert (await organizer.refund(held)).status_code == 404
    payment = await kim.buy("A-1-2")
    foreign = (await rival.refund(payment["reservation_id"])).json()
    unknown = (await rival.refund(str(new_id()))).json()
    assert {**foreign, "request_id": ""} == {**unknown, "request_id": ""}
    assert foreign["status"] == 404


@pytest.mark.parametrize(
    "body", [{"amount": 0}, {"amount": -1}, {"amount": 1.5}, {"reason": "x" * 201}, {"all": True}]
)
async def test_a_wrong_refund_is_refused(organizer, kim, body):
    held = await kim.reserve("A-1-1")
    headers = {"Idempotency-Key": str(new_id())}
    answer = await organizer.post(f"/reservations/{held}/refund", body, headers=headers)
    assert answer.status_code == 422
