from datetime import datetime, timedelta
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator

from tests.support.waiting_room import join_in_turn, people
from tiketi.kernel.clock import rfc3339
from tiketi.planning.document import plan_schema
from tiketi.queue import api as queue
from tiketi.services.registry import SERVICES


def opening(organizer) -> dict[str, str]:
    now = organizer.client.runtime.clock.now()
    return {
        "sale_opens_at": rfc3339(now + timedelta(days=3)),
        "sale_closes_at": rfc3339(now + timedelta(days=20)),
    }


async def upcoming(organizer, **changes):
    return await organizer.make_event(layout_id=None, **{**opening(organizer), **changes})


async def test_a_plan_names_every_service_and_is_the_document_of_the_schema(organizer):
    event = await upcoming(organizer)
    answer = await organizer.get(f"/events/{event['id']}/plan")
    assert answer.status_code == 200, answer.text
    plan = answer.json()
    Draft202012Validator(plan_schema()).validate(plan)
    assert plan["event_id"] == event["id"]
    assert plan["sale_opens_at"] == event["sale_opens_at"]
    assert [service["service"] for service in plan["services"]] == [each.name for each in SERVICES]
    assert plan["audience"] == {
        "low": 30,
        "expected": 90,
        "high": 300,
        "source": "capacity",
        "reason": "no history: 3 people for each of 30 places",
    }
    assert plan["planned_for"] == 300
    assert plan["actions"] == []


async def test_the_organizers_number_makes_the_plan(organizer):
    event = await upcoming(organizer, queue={"enabled": True})
    path = f"/events/{event['id']}"
    answer = await organizer.put(f"{path}/audience", {"expected": 600_000})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "expected": 600_000,
        "audience": {
            "low": 300_000,
            "expected": 600_000,
            "high": 900_000,
            "source": "organizer",
            "reason": "organizer's number",
        },
    }
    plan = (await organizer.get(f"{path}/plan")).json()
    assert plan["planned_for"] == 900_000
    ups = [action for action in plan["actions"] if action["service"] == "queue"]
    assert ups[0]["at"] < plan["sale_opens_at"] < ups[-1]["at"]
    taken_back = (await organizer.put(f"{path}/audience", {"expected": None})).json()
    assert (taken_back["expected"], taken_back["audience"]["source"]) == (None, "capacity")


async def test_a_plan_may_be_asked_for_any_number(organizer):
    event = await upcoming(organizer, queue={"enabled": True})
    path = f"/events/{event['id']}/plan"
    plan = (await organizer.get(f"{path}?audience=5000000")).json()
    assert (plan["audience"]["source"], plan["planned_for"]) == ("asked", 5_000_000)
    assert any(line.startswith("queue would need ") for line in plan["warnings"])
    for wrong in ("0", "-1", "x", "10000001"):
        assert (await organizer.get(f"{path}?audience={wrong}")).status_code == 422


async def test_the_artists_last_line_makes_the_next_plan(organizer, client, runtime):
    event = await organizer.make_event(
        layout_id=None, publish=True, queue={"enabled": True, "capacity": 0}
    )
    await join_in_turn(runtime, UUID(event["id"]), people(6))
    await queue.AudienceRecorder(runtime).run_round()
    following = await upcoming(organizer)
    runtime_now = runtime.clock.now()
    assert datetime.fromisoformat(event["sale_opens_at"]) <= runtime_now - timedelta(hours=1)
    plan = (await organizer.get(f"/events/{following['id']}/plan")).json()
    assert plan["audience"]["reason"] == "from 1 past event of the artist"
    assert plan["audience"]["expected"] == 6


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"expected": 0},
        {"expected": -5},
        {"expected": 10_000_001},
        {"expected": "5"},
        {"expected": 1.5},
        {"expected": True},
        {"expected": 5, "other": 1},
        [],
    ],
)
async def test_wrong_numbers_are_refused_and_change_nothing(organizer, body):
    event = await upcoming(organizer)
    answer = await organizer.put(f"/events/{event['id']}/audience", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    plan = (await organizer.get(f"/events/{event['id']}/plan")).json()
    assert plan["audience"]["source"] == "capacity"


async def test_anothers_event_is_not_found_and_admins_have_all(organizer, rival, admin):
    event = await upcoming(organizer)
    path = f"/events/{event['id']}"
    for answer in (
        await rival.get(f"{path}/plan"),
        await rival.put(f"{path}/audience", {"expected": 5}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await admin.put(f"{path}/audience", {"expected": 5})).status_code == 200
    assert (await admin.get(f"{path}/plan")).json()["audience"]["expected"] == 5


async def test_the_number_is_on_record_and_outlives_a_rewritten_draft(organizer, admin):
    event = await upcoming(organizer)
    path = f"/events/{event['id']}"
    await organizer.put(f"{path}/audience", {"expected": 70})
    again = organizer.event_body(layout_id=None, **opening(organizer))
    assert (await organizer.put(path, again)).status_code == 200
    assert (await organizer.get(f"{path}/plan")).json()["audience"]["expected"] == 70
    trail = (await admin.get(f"/audit?subject_id={event['id']}")).json()["items"]
    (entry,) = [entry for entry in trail if entry["action"] == "event.expect"]
    assert entry["detail"] == {"expected": 70}


async def test_the_number_is_no_field_of_the_event(organizer, client):
    event = await organizer.make_event(layout_id=None, publish=True)
    await organizer.put(f"/events/{event['id']}/audience", {"expected": 70})
    shown = (await client.get(f"/events/{event['id']}")).json()
    assert "expected_audience" not in shown
    body = organizer.event_body(layout_id=None, expected_audience=70)
    assert (await organizer.post("/events", body)).status_code == 422


async def test_an_event_on_sale_has_nothing_left_to_schedule(organizer):
    event = await organizer.make_event(layout_id=None, publish=True, queue={"enabled": True})
    plan = (await organizer.get(f"/events/{event['id']}/plan?audience=1000000")).json()
    assert plan["actions"] == []
    assert "the sale has opened: nothing is left to schedule" in plan["warnings"]
