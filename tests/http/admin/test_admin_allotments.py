"""Places kept back: made, shown, bought with a code, released by hand and by the clock."""

from datetime import timedelta

import pytest

from tests.http.admin.house import STANDING, made
from tests.support.selling import cancel, order, order_best, outcome, states
from tiketi.kernel.clock import rfc3339
from tiketi.kernel.ids import new_id
from tiketi.seats.loops import release_allotments

CODE = "Fan Club 7"


@pytest.fixture
async def event(organizer):
    return await organizer.make_event(publish=True)


def general_id(event):
    return next(tier["id"] for tier in event["tiers"] if tier["kind"] == "general")


async def keep(organizer, event, **body):
    return await organizer.post(f"/events/{event['id']}/allotments", {"name": "Fans", **body})


async def remaining(client, event):
    availability = (await client.get(f"/events/{event['id']}/availability")).json()
    return availability["general"][general_id(event)]


async def test_an_allotment_of_seats_rows_and_sections_is_kept_back(organizer, client, event):
    allotment = made(
        await keep(organizer, event, seat_ids=["A-1-1"], rows=["A-2"], sections=["VIP"])
    )
    assert allotment["seats"] == allotment["seats_left"] == 16
    assert allotment["seat_ids"][-1] == "A-2-5"
    assert (allotment["access_code"], allotment["release_at"]) == (None, None)
    assert await states(client.runtime, event["id"]) == "b" * 10 + "baaaa" + "bbbbb" + "a" * 10
    shown = (await client.get(f"/events/{event['id']}/availability")).json()["sections"]
    assert shown == {"VIP": "b" * 10, "A": "baaaabbbbb" + "a" * 10}
    path = f"/events/{event['id']}/allotments"
    assert (await organizer.get(f"{path}/{allotment['id']}")).json() == allotment
    (listed,) = (await organizer.get(path)).json()["items"]
    assert listed == {name: allotment[name] for name in allotment if name != "seat_ids"}


async def test_only_who_has_the_code_buys_what_is_kept_back(organizer, client, event):
    made(await keep(organizer, event, rows=["VIP-1"], access_code=CODE))
    seat = {"seat_ids": ["VIP-1-1"]}
    assert outcome(await order(client, event["id"], **seat)) == "seat_taken"
    wrong = await order(client, event["id"], **seat, access_code="fan club 8")
    assert (wrong.status_code, outcome(wrong)) == (403, "access_code_required")
    assert outcome(await order(client, event["id"], **seat, access_code="fan club 7")) == "held"
    # Beside them, everybody's: one order may have both.
    both = {"seat_ids": ["VIP-1-2", "VIP-2-2"]}
    assert outcome(await order(client, event["id"], **both, access_code=CODE)) == "held"


async def test_best_available_is_among_what_the_code_opens(organizer, client, event):
    made(await keep(organizer, event, sections=["VIP"], access_code=CODE))
    found = await order_best(client, event["id"], quantity=2)
    assert {item["section"] for item in found.json()["items"]} == {"A"}
    found = await order_best(client, event["id"], quantity=2, access_code=CODE)
    assert {item["section"] for item in found.json()["items"]} == {"VIP"}
    none = await order_best(client, event["id"], quantity=2, section="VIP")
    assert outcome(none) == "no_seats_together"


async def test_what_is_given_back_is_kept_back_again_until_it_is_released(organizer, client, event):
    allotment = made(await keep(organizer, event, rows=["VIP-1"], access_code=CODE))
    token = client.token()
    held = await order(client, event["id"], token=token, seat_ids=["VIP-1-1"], access_code=CODE)
    await cancel(client, held, token)
    assert (await states(client.runtime, event["id"])).startswith("bbbbb")
    held = await order(client, event["id"], token=token, seat_ids=["VIP-1-1"], access_code=CODE)
    path = f"/events/{event['id']}/allotments/{allotment['id']}"
    released = (await organizer.post(f"{path}/release")).json()
    assert released["released_at"] is not None
    assert released["seats_left"] == 0
    assert (await states(client.runtime, event["id"])).startswith("haaaa")
    await cancel(client, held, token)
    assert (await states(client.runtime, event["id"])).startswith("aaaaa")
    assert (await organizer.post(f"{path}/release")).json() == released


async def test_general_places_are_kept_back_and_given_to_the_code_first(organizer, client, event):
    tier_id = general_id(event)
    kept = made(
        await keep(
            organizer, event, general=[{"tier_id": tier_id, "quantity": 20}], access_code=CODE
        )
    )
    assert kept["general"] == [{"tier_id": tier_id, "quantity": 20, "left": 20}]
    assert await remaining(client, event) == STANDING["capacity"] - 20
    ask = [{"tier_id": tier_id, "quantity": 4}]
    token = client.token()
    held = await order(client, event["id"], token=token, general=ask, access_code=CODE)
    assert outcome(held) == "held"
    path = f"/events/{event['id']}/allotments/{kept['id']}"
    assert (await organizer.get(path)).json()["general"][0]["left"] == 16
    for _ in range(2):
        assert outcome(await order(client, event["id"], general=ask)) == "held"
    # 2 of everybody's are left: with the code they may be had beside those kept back.
    assert outcome(await order(client, event["id"], general=ask)) == "sold_out"
    for _ in range(4):
        assert outcome(await order(client, event["id"], general=ask, access_code=CODE)) == "held"
    rest = [{"tier_id": tier_id, "quantity": 3}]
    assert outcome(await order(client, event["id"], general=rest, access_code=CODE)) == "sold_out"
    await cancel(client, held, token)
    assert outcome(await order(client, event["id"], general=rest)) == "sold_out"
    await organizer.post(f"{path}/release")
    assert outcome(await order(client, event["id"], general=rest)) == "held"


async def test_the_clock_releases_in_batches(organizer, client, clock, event, monkeypatch):
    monkeypatch.setattr("tiketi.seats.allotments_service.RELEASE_BATCH_MAX", 6)
    due = rfc3339(clock.now() + timedelta(hours=1))
    kept = made(await keep(organizer, event, sections=["VIP"], release_at=due))
    assert not await release_allotments(client.runtime)
    clock.advance(hours=1, seconds=1)
    assert await release_allotments(client.runtime)
    assert await states(client.runtime, event["id"]) == "a" * 6 + "b" * 4 + "a" * 20
    assert await release_allotments(client.runtime)
    assert await states(client.runtime, event["id"]) == "a" * 30
    assert not await release_allotments(client.runtime)
    path = f"/events/{event['id']}/allotments/{kept['id']}"
    assert (await organizer.get(path)).json()["released_at"] is not None


async def test_a_deleted_allotment_is_released_and_its_code_is_wrong(organizer, client, event):
    kept = made(await keep(organizer, event, sections=["VIP"], access_code=CODE))
    path = f"/events/{event['id']}/allotments/{kept['id']}"
    assert (await organizer.delete(path)).status_code == 204
    assert (await organizer.get(path)).status_code == 404
    assert (await organizer.delete(path)).status_code == 404
    assert await states(client.runtime, event["id"]) == "a" * 30
    refused = await order(client, event["id"], seat_ids=["VIP-1-1"], access_code=CODE)
    assert outcome(refused) == "access_code_required"
    # Its name is free again.
    made(await keep(organizer, event, sections=["VIP"], access_code=CODE))


async def test_a_code_counts_its_orders_and_gets_back_those_that_end(organizer, client, event):
    kept = made(await keep(organizer, event, sections=["VIP"], access_code=CODE, uses_max=2))
    assert (kept["uses_max"], kept["uses"]) == (2, 0)
    token = client.token()
    first = await order(client, event["id"], token=token, seat_ids=["VIP-1-1"], access_code=CODE)
    assert outcome(first) == "held"
    second = await order_best(client, event["id"], quantity=2, access_code=CODE)
    assert outcome(second) == "held"
    third = await order(client, event["id"], seat_ids=["VIP-1-5"], access_code=CODE)
    assert (third.status_code, outcome(third)) == (409, "access_code_used_up")
    # A refused order counts for nothing, and one that ended no longer.
    await cancel(client, first, token)
    fourth = await order(client, event["id"], seat_ids=["VIP-1-5"], access_code=CODE)
    assert outcome(fourth) == "held"
    path = f"/events/{event['id']}/allotments/{kept['id']}"
    assert (await organizer.get(path)).json()["uses"] == 2


async def test_seats_that_are_not_free_are_not_kept_back(organizer, client, event):
    await order(client, event["id"], seat_ids=["VIP-1-1"])
    refused = await keep(organizer, event, sections=["VIP"])
    assert (refused.status_code, outcome(refused)) == (409, "seat_taken")
    assert refused.json()["seat_ids"] == ["VIP-1-1"]
    assert (await states(client.runtime, event["id"])).count("b") == 0
    many = [{"tier_id": general_id(event), "quantity": STANDING["capacity"] + 1}]
    assert outcome(await keep(organizer, event, general=many)) == "sold_out"
    made(await keep(organizer, event, rows=["VIP-2"]))
    assert outcome(await keep(organizer, event, rows=["A-1"])) == "allotment_name_taken"


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({}, ["body"]),
        ({"seat_ids": ["VIP-9-9"]}, ["body", "seat_ids", 0]),
        ({"rows": ["VIP-9"]}, ["body", "rows", 0]),
        ({"sections": ["B"]}, ["body", "sections", 0]),
        ({"general": [{"tier_id": str(new_id()), "quantity": 1}]}, ["body", "general"]),
        ({"rows": ["VIP-1"], "uses_max": 3}, ["body"]),
        ({"rows": ["VIP-1"], "access_code": "abc"}, ["body", "access_code"]),
        ({"rows": ["VIP-1"], "release_at": "2020-01-01T00:00:00Z"}, ["body", "release_at"]),
        ({"rows": ["VIP-1"], "colour": "red"}, ["body", "colour"]),
    ],
)
async def test_what_is_wrong_with_an_allotment_is_said(organizer, event, body, loc):
    refused = await keep(organizer, event, **body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["loc"] == loc


async def test_another_organizer_sees_and_changes_nothing(organizer, rival, staff, event):
    kept = made(await keep(organizer, event, sections=["VIP"]))
    path = f"/events/{event['id']}/allotments"
    assert (await keep(rival, event, sections=["A"])).status_code == 404
    assert (await rival.get(path)).status_code == 404
    assert (await rival.get(f"{path}/{kept['id']}")).status_code == 404
    assert (await rival.post(f"{path}/{kept['id']}/release")).status_code == 404
    assert (await rival.delete(f"{path}/{kept['id']}")).status_code == 404
    assert (await staff.get(path)).status_code == 403
    other = await rival.make_event()
    assert (await rival.get(f"/events/{other['id']}/allotments/{kept['id']}")).status_code == 404


async def test_changes_are_on_record_and_the_code_is_not(organizer, admin, event):
    kept = made(await keep(organizer, event, rows=["VIP-1"], access_code=CODE))
    path = f"/events/{event['id']}/allotments/{kept['id']}"
    await organizer.post(f"{path}/release")
    await organizer.delete(path)
    trail = (await admin.get(f"/audit?subject_id={event['id']}")).json()["items"]
    found = {entry["action"]: entry["detail"] for entry in trail}
    assert {"allotment.create", "allotment.release", "allotment.delete"} <= set(found)
    assert found["allotment.create"]["seats"] == 5
    assert CODE not in str(trail)


async def test_a_draft_whose_seats_are_made_again_has_no_allotments(organizer, client):
    layout = await organizer.make_layout()
    draft = await organizer.make_event(layout_id=layout["id"])
    made(await keep(organizer, draft, sections=["VIP"], access_code=CODE))
    body = organizer.event_body(layout_id=layout["id"])
    assert (await organizer.put(f"/events/{draft['id']}", body)).status_code == 200
    assert (await organizer.get(f"/events/{draft['id']}/allotments")).json()["items"] == []
    assert await states(client.runtime, draft["id"]) == "a" * 30
