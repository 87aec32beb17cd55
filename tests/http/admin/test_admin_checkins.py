import asyncio

import pytest

from tests.http.admin.house import buyer_of
from tiketi.kernel.clock import rfc3339


@pytest.fixture
async def event(organizer):
    return await organizer.make_event(publish=True)


@pytest.fixture
async def buyer(client, event):
    return await buyer_of(client, event, "kim@tiketi.test")


async def codes_of(buyer, payment) -> list[str]:
    answer = await buyer.client.get(
        f"/reservations/{payment['reservation_id']}/tickets", token=buyer.token
    )
    return [ticket["code"] for ticket in answer.json()["items"]]


async def test_a_ticket_lets_in_once_and_then_says_when_and_where(staff, buyer, event, clock):
    (code,) = await codes_of(buyer, await buyer.buy("VIP-1-1"))
    answer = await staff.post("/checkins", {"code": code, "gate": "서문"})
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["code"], shown["status"], shown["seat_id"]) == (code, "used", "VIP-1-1")
    assert (shown["tier_name"], shown["event_title"]) == ("VIP", event["title"])
    assert (shown["event_id"], shown["holder_name"]) == (event["id"], "kim")
    assert shown["reservation_number"].startswith("TK-")
    assert (shown["gate"], shown["checked_in_at"][:10]) == ("서문", rfc3339(clock.now())[:10])
    clock.advance(minutes=5)
    again = await staff.post("/checkins", {"code": code, "gate": "East"})
    assert (again.status_code, again.json()["code"]) == (409, "already_checked_in")
    assert again.json()["checked_in_at"] == shown["checked_in_at"]
    assert again.json()["gate"] == "서문"


async def test_of_several_at_once_exactly_one_lets_in(staff, organizer, admin, buyer):
    (code,) = await codes_of(buyer, await buyer.buy("VIP-1-1"))
    doors = [staff, organizer, admin] * 4
    answers = await asyncio.gather(
        *(door.post("/checkins", {"code": code, "gate": f"{n}"}) for n, door in enumerate(doors))
    )
    let_in = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 409]
    assert (len(let_in), len(refused)) == (1, 11)
    assert {answer.json()["gate"] for answer in refused} == {let_in[0].json()["gate"]}


async def test_a_code_is_taken_as_people_write_it(staff, buyer):
    (code,) = await codes_of(buyer, await buyer.buy("VIP-1-1"))
    written = " " + "-".join([code[:13], code[13:]]).lower().replace("0", "o").replace("1", "l")
    assert (await staff.post("/checkins", {"code": written})).json()["code"] == code


async def test_each_general_place_has_a_ticket_of_its_own(staff, buyer, event):
    tier = event["tiers"][-1]
    wish = [{"tier_id": tier["id"], "quantity": 2}]
    payment = await buyer.start(await buyer.reserve(general=wish))
    assert (await buyer.confirm(payment)).json()["status"] == "succeeded"
    codes = await codes_of(buyer, payment)
    assert len(set(codes)) == 2
    for code in codes:
        shown = (await staff.post("/checkins", {"code": code})).json()
        assert (shown["seat_id"], shown["tier_name"], shown["gate"]) == (None, "Standing", None)


async def test_an_unknown_code_is_not_found(staff):
    for code in ("0" * 26, "nonsense", "💺"):
        answer = await staff.post("/checkins", {"code": code})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_another_organizers_ticket_reads_like_an_unknown_one(rival, organizer, buyer):
    (code,) = await codes_of(buyer, await buyer.buy("VIP-1-1"))
    foreign = (await rival.post("/checkins", {"code": code})).json()
    unknown = (await rival.post("/checkins", {"code": "0" * 26})).json()
    assert foreign["status"] == 404
    assert {**foreign, "request_id": ""} == {**unknown, "request_id": ""}
    assert (await organizer.post("/checkins", {"code": code})).status_code == 200


async def test_a_refunded_ticket_is_void(staff, organizer, buyer):
    payment = await buyer.buy("VIP-1-1")
    (code,) = await codes_of(buyer, payment)
    assert (await organizer.refund(payment["reservation_id"])).status_code == 200
    answer = await staff.post("/checkins", {"code": code})
    assert (answer.status_code, answer.json()["code"]) == (409, "ticket_void")


async def test_a_ticket_to_a_cancelled_event_is_void_before_its_refund(
    staff, organizer, buyer, event
):
    (code,) = await codes_of(buyer, await buyer.buy("VIP-1-1"))
    await organizer.post(f"/events/{event['id']}/cancel")
    answer = await staff.post("/checkins", {"code": code})
    assert (answer.status_code, answer.json()["code"]) == (409, "ticket_void")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": ""},
        {"code": "x" * 65},
        {"code": 5},
        {"code": "x", "gate": ""},
        {"code": "x", "gate": "g" * 101},
        {"code": "x", "door": "1"},
    ],
)
async def test_a_wrong_body_is_refused(staff, body):
    assert (await staff.post("/checkins", body)).status_code == 422


async def test_who_let_in_is_on_record(staff, admin, buyer):
    (code,) = await codes_of(buyer, await buyer.buy("VIP-1-1"))
    shown = (await staff.post("/checkins", {"code": code, "gate": "West"})).json()
    await staff.post("/checkins", {"code": code, "gate": "East"})
    trail = (await admin.get(f"/audit?subject_id={shown['id']}")).json()["items"]
    assert [(entry["action"], entry["actor_id"], entry["detail"]) for entry in trail] == [
        ("ticket.check_in", staff.id, {"gate": "West"})
    ]
