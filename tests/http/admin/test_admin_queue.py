import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from tests.support.waiting_room import admit, open_now, until
from tiketi.events import api as events
from tiketi.kernel.ids import new_id
from tiketi.queue import api as queue

OPEN = {"enabled": True, "capacity": 1, "rate_per_minute": 1_000_000}


async def test_any_subset_is_set_and_all_is_answered(organizer):
    event = await organizer.make_event(layout_id=None, publish=True)
    path = f"/events/{event['id']}/queue"
    answer = await organizer.put(path, {"enabled": True, "capacity": 0, "mode": "draw"})
    assert answer.status_code == 200, answer.text
    settings = {
        "enabled": True,
        "capacity": 0,
        "rate_per_minute": 1_000,
        "pass_ttl_seconds": 600,
        "mode": "draw",
        "paused": False,
    }
    assert answer.json() == settings
    again = await organizer.put(path, {"paused": True, "pass_ttl_seconds": 60})
    assert again.json() == {**settings, "paused": True, "pass_ttl_seconds": 60}
    assert (await organizer.put(path, {})).json() == again.json()
    assert (await organizer.get(f"/events/{event['id']}")).json()["queue"] == again.json()
    default = await organizer.put(path, {"pass_ttl_seconds": None})
    assert default.json()["pass_ttl_seconds"] == 600


@pytest.mark.parametrize(
    "body",
    [
        {"capacity": -1},
        {"capacity": 1_000_001},
        {"capacity": None},
        {"capacity": "5"},
        {"rate_per_minute": 1_000_001},
        {"pass_ttl_seconds": 1},
        {"pass_ttl_seconds": 86_401},
        {"mode": "lifo"},
        {"enabled": 1},
        {"unknown": 1},
    ],
)
async def test_wrong_settings_are_refused_and_change_nothing(organizer, body):
    event = await organizer.make_event(layout_id=None, queue=OPEN)
    answer = await organizer.put(f"/events/{event['id']}/queue", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert (await organizer.get(f"/events/{event['id']}")).json()["queue"] == event["queue"]


async def test_settings_are_in_force_for_who_waits(organizer, client, runtime):
    event = await organizer.make_event(layout_id=None, publish=True, queue=OPEN)
    join = f"/queue/{event['id']}/join"
    first, second = client.token(), client.token()
    assert (await client.post(join, token=first)).json()["state"] == "admitted"
    assert (await client.post(join, token=second)).json()["state"] == "waiting"
    await organizer.put(f"/events/{event['id']}/queue", {"capacity": 2})

    async def is_admitted() -> bool:
        await admit(runtime)
        status = await client.get(f"/queue/{event['id']}/status", token=second)
        return status.json()["state"] == "admitted"

    await until(is_admitted)


async def test_turning_the_queue_on_and_off_is_seen_at_the_event(organizer, client, runtime):
    event = await organizer.make_event(layout_id=None, publish=True)
    for enabled in (True, False):
        await organizer.put(f"/events/{event['id']}/queue", {"enabled": enabled})
        runtime.one(events.EventCache).forget(UUID(event["id"]))
        shown = (await client.get(f"/events/{event['id']}")).json()
        assert shown["queue"] == {"enabled": enabled}


async def test_a_reset_empties_the_line_and_voids_its_passes(organizer, client, runtime):
    event = await organizer.make_event(layout_id=None, publish=True, queue=OPEN)
    anna, boris = client.token(), client.token()
    join = f"/queue/{event['id']}/join"
    old_pass = (await client.post(join, token=anna)).json()["pass"]
    await client.post(join, token=boris)
    answer = await organizer.post(f"/events/{event['id']}/queue/reset")
    assert (answer.status_code, answer.json()) == (200, {"epoch": 2})
    assert (await client.get(f"/queue/{event['id']}/status", token=boris)).status_code == 404
    board = await queue.read_latest_board(runtime, UUID(event["id"]))
    assert (board.epoch, board.waiting, board.admitted) == (2, 0, 0)
    body = {
        "event_id": event["id"],
        "general": [{"tier_id": event["tiers"][0]["id"], "quantity": 1}],
    }
    headers = {"Queue-Pass": old_pass, "Idempotency-Key": str(new_id())}
    refused = await client.post("/reservations", body, token=anna, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "queue_pass_required")
    assert (await client.post(join, token=boris)).json()["state"] == "admitted"


async def test_parallel_resets_each_begin_an_epoch_of_their_own(organizer):
    event = await organizer.make_event(layout_id=None)
    path = f"/events/{event['id']}/queue/reset"
    answers = await asyncio.gather(*(organizer.post(path) for _ in range(5)))
    assert sorted(answer.json()["epoch"] for answer in answers) == [2, 3, 4, 5, 6]


async def test_a_notice_is_set_and_taken_back(organizer, runtime):
    event = await organizer.make_event(layout_id=None)
    path = f"/events/{event['id']}/queue/notice"
    for notice in ("곧 열립니다", None):
        answer = await organizer.post(path, {"text": notice})
        assert (answer.status_code, answer.json()) == (200, {"text": notice})
        async with runtime.database.latest() as reader:
            assert (await queue.get_room(reader, UUID(event["id"]))).notice == notice
    for wrong in ({}, {"text": ""}, {"text": "x" * 501}, {"text": "a", "b": 1}):
        assert (await organizer.post(path, wrong)).status_code == 422


async def test_a_draw_may_be_set_and_taken_back_until_it_is_held(organizer, client, runtime):
    opens_at = runtime.clock.now() + timedelta(hours=1)
    settings = {**OPEN, "capacity": 0}
    event = await organizer.make_event(
        layout_id=None, publish=True, queue=settings, sale_opens_at=f"{opens_at:%FT%TZ}"
    )
    path, join = f"/events/{event['id']}/queue", f"/queue/{event['id']}/join"
    for mode in ("draw", "fifo", "draw"):
        answer = await organizer.put(path, {"mode": mode})
        assert (answer.status_code, answer.json()["mode"]) == (200, mode)
    assert (await client.post(join, token=client.token())).json()["position"] is None
    await open_now(runtime, UUID(event["id"]))
    refused = await organizer.put(path, {"mode": "fifo"})
    assert (refused.status_code, refused.json()["code"]) == (409, "queue_mode_fixed")
    assert (await organizer.put(path, {"mode": "draw", "capacity": 5})).status_code == 200
