import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.http.admin.house import HALL


async def test_every_change_of_an_event_is_on_record_by_whom_and_what(organizer, admin):
    layout = await organizer.make_layout()
    event = await organizer.make_event(layout_id=layout["id"])
    path = f"/events/{event['id']}"
    await organizer.put(path, organizer.event_body(layout_id=layout["id"]))
    await organizer.post(f"{path}/publish")
    await admin.put(f"{path}/queue", {"enabled": True, "capacity": 5})
    await admin.post(f"{path}/queue/reset")
    await admin.post(f"{path}/queue/notice", {"text": "soon"})
    await organizer.post(f"{path}/cancel")
    trail = (await admin.get(f"/audit?subject_id={event['id']}")).json()["items"]
    by_action = {entry["action"]: entry for entry in trail}
    assert sorted(by_action) == [
        "event.cancel",
        "event.create",
        "event.publish",
        "event.replace",
        "queue.configure",
        "queue.notice",
        "queue.reset",
    ]
    assert by_action["event.create"]["actor_id"] == organizer.id
    assert by_action["event.create"]["detail"] == {"title": event["title"]}
    assert by_action["queue.configure"]["actor_email"] == "admin@tiketi.test"
    assert by_action["queue.configure"]["detail"] == {"enabled": True, "capacity": 5}
    assert by_action["queue.reset"]["detail"] == {"epoch": 2}


async def test_layouts_and_deletions_are_on_record(organizer, admin):
    layout = await organizer.make_layout()
    await organizer.put(f"/layouts/{layout['id']}", HALL)
    await organizer.delete(f"/layouts/{layout['id']}")
    event = await organizer.make_event(layout_id=None)
    await organizer.delete(f"/events/{event['id']}")
    trail = (await admin.get(f"/audit?actor_id={organizer.id}&limit=100")).json()["items"]
    assert sorted(entry["action"] for entry in trail) == [
        "event.create",
        "event.delete",
        "layout.create",
        "layout.delete",
        "layout.replace",
    ]


async def test_what_was_refused_left_no_trace(organizer, rival, admin):
    event = await organizer.make_event(layout_id=None, publish=True)
    before = (await admin.get("/audit?limit=100")).json()
    await rival.post(f"/events/{event['id']}/cancel")
    await organizer.delete(f"/events/{event['id']}")
    await organizer.put(f"/events/{event['id']}", organizer.event_body(currency="USD"))
    await organizer.post("/events", organizer.event_body(tiers=[]))
    assert (await admin.get("/audit?limit=100")).json() == before


async def test_it_comes_in_pages(organizer, admin):
    for number in range(5):
        await organizer.make_layout(name=f"{number}")
    seen, cursor = [], ""
    for _ in range(3):
        page = (await admin.get(f"/audit?limit=2{cursor}")).json()
        seen += [entry["detail"]["name"] for entry in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ["4", "3", "2", "1", "0"]
    assert page["next_cursor"] is None
    assert (await admin.get("/audit?cursor=x")).status_code == 422


async def test_nothing_is_rewritten(organizer, runtime):
    await organizer.make_layout()
    for statement in ("UPDATE admin.audit SET action = 'x'", "DELETE FROM admin.audit"):
        with pytest.raises(DBAPIError, match="only grows"):
            async with runtime.database.transaction() as tx:
                await tx.execute(text(statement))
