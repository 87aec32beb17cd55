"""The waiting room as a client of the contract meets it."""

from datetime import datetime, timedelta

import pytest

from tests.support.waiting_room import (
    admit,
    change,
    lapse_pass,
    lose_the_store,
    open_line,
    reset,
)
from tiketi.infra.redis import RedisStore
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.ids import new_id

FIELDS = {
    "state",
    "number",
    "position",
    "ahead",
    "eta_seconds",
    "eta_range_seconds",
    "poll_after_seconds",
    "receipt",
}


async def _join(client, event_id, token, **options):
    return await client.post(f"/queue/{event_id}/join", token=token, **options)


async def test_one_who_waits_is_told_where_they_stand(client, runtime):
    event_id = await open_line(runtime, capacity=1)
    await _join(client, event_id, client.token())
    await _join(client, event_id, client.token())
    answer = await _join(client, event_id, client.token())
    standing = answer.json()
    assert answer.status_code == 200
    assert set(standing) == FIELDS
    assert standing["state"] == "waiting"
    assert (standing["number"], standing["position"], standing["ahead"]) == (3, 2, 1)
    low, high = standing["eta_range_seconds"]
    assert 0 <= low <= standing["eta_seconds"] <= high
    assert 2 <= standing["poll_after_seconds"] <= 30


async def test_one_who_is_admitted_gets_a_pass(client, runtime):
    event_id = await open_line(runtime, pass_ttl_seconds=60)
    before = runtime.clock.now()
    standing = (await _join(client, event_id, client.token())).json()
    assert set(standing) == {*FIELDS, "pass", "pass_expires_at"}
    assert (standing["state"], standing["number"]) == ("admitted", 1)
    for field in ("position", "ahead", "eta_seconds", "eta_range_seconds"):
        assert standing[field] is None
    expires_at = datetime.fromisoformat(standing["pass_expires_at"])
    assert standing["pass_expires_at"].endswith("Z")
    assert timedelta(seconds=59) < expires_at - before < timedelta(seconds=62)


async def test_the_pass_is_the_same_until_it_expires(client, runtime):
    event_id = await open_line(runtime)
    user_id = new_id()
    token = client.token(user_id)
    first = (await _join(client, event_id, token)).json()
    again = (await client.get(f"/queue/{event_id}/status", token=token)).json()
    assert again["pass_expires_at"] == first["pass_expires_at"]
    await lapse_pass(runtime, event_id, Actor(user_id, Role.USER))
    expired = (await client.get(f"/queue/{event_id}/status", token=token)).json()
    assert expired["state"] == "expired"
    assert set(expired) == FIELDS
    assert (await _join(client, event_id, token)).json()["number"] == 2


@pytest.mark.parametrize("body", [None, {}, {"receipt": None}, {"receipt": "no such thing"}])
async def test_the_body_of_a_join_may_be_missing_or_hold_a_receipt(client, runtime, body):
    event_id = await open_line(runtime)
    answer = await _join(client, event_id, client.token(), json=body)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"receipt": 1}', 422),
        (b'{"ticket": "x"}', 422),
        (b"[]", 422),
        (b'{"receipt": "a\\u0000b"}', 422),
        (b"{", 400),
    ],
)
async def test_other_bodies_are_refused(client, runtime, content, status):
    event_id = await open_line(runtime)
    answer = await client.post(
        f"/queue/{event_id}/join",
        token=client.token(),
        content=content,
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_refusals_come_in_the_contract_s_order(client, runtime):
    event_id, draft_id = await open_line(runtime), await open_line(runtime, publish=False)
    text = {"content": b"x", "headers": {"content-type": "text/plain"}}
    for path in (event_id, draft_id, new_id(), "not-an-id"):
        assert (await client.post(f"/queue/{path}/join", **text)).status_code == 401
    token = client.token()
    for path in (draft_id, new_id(), "not-an-id"):
        for method, name in (("POST", "join"), ("POST", "leave"), ("GET", "status")):
            answer = await client.call(method, f"/queue/{path}/{name}", token=token, **text)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert (await client.get(f"/queue/{path}/board")).status_code == 404
    answer = await client.post(f"/queue/{event_id}/join", token=token, **text)
    assert answer.status_code == 415


async def test_a_sale_that_is_over_is_not_open(client, runtime):
    event_id = await open_line(
        runtime, opens_in=timedelta(hours=-2), closes_in=timedelta(seconds=-1)
    )
    answer = await _join(client, event_id, client.token())
    assert (answer.status_code, answer.json()["code"]) == (409, "sale_not_open")
    assert (await client.get(f"/queue/{event_id}/board")).json()["state"] == "closed"


async def test_the_receipt_stands_in_for_the_token_at_status(client, runtime):
    event_id, other_id = await open_line(runtime, capacity=0), await open_line(runtime)
    standing = (await _join(client, event_id, client.token())).json()
    shown = {"queue-receipt": standing["receipt"]}
    answer = await client.get(f"/queue/{event_id}/status", headers=shown)
    assert answer.status_code == 200
    # Nothing has moved, so it is the same receipt.
    assert answer.json()["receipt"] == standing["receipt"]
    assert (await client.get(f"/queue/{other_id}/status", headers=shown)).status_code == 401
    for path in ("join", "leave"):
        answer = await client.post(f"/queue/{event_id}/{path}", headers=shown)
        assert answer.status_code == 401
    forged = {"queue-receipt": standing["receipt"][:-4] + "AAAA"}
    assert (await client.get(f"/queue/{event_id}/status", headers=forged)).status_code == 401


async def test_the_receipt_does_where_the_token_beside_it_has_run_out(client, runtime):
    event_id = await open_line(runtime, capacity=0)
    standing = (await _join(client, event_id, client.token())).json()
    path, shown = f"/queue/{event_id}/status", {"queue-receipt": standing["receipt"]}
    answer = await client.get(path, token="no longer good", headers=shown)
    assert (answer.status_code, answer.json()["number"]) == (200, standing["number"])
    # One that is good says who asks, whatever receipt is shown.
    another = await client.get(path, token=client.token(), headers=shown)
    assert (another.status_code, another.json()["code"]) == (404, "not_in_queue")


async def test_a_receipt_is_no_pass_and_no_access_token(client, runtime):
    event_id = await open_line(runtime)
    standing = (await _join(client, event_id, client.token())).json()
    for paper in (standing["receipt"], standing["pass"]):
        assert (await _join(client, event_id, paper)).status_code == 401
    answer = await client.get(
        f"/queue/{event_id}/status", headers={"queue-receipt": standing["pass"]}
    )
    assert answer.status_code == 401


async def test_who_has_not_joined_is_not_in_the_queue(client, runtime):
    event_id = await open_line(runtime)
    answer = await client.get(f"/queue/{event_id}/status", token=client.token())
    assert (answer.status_code, answer.json()["code"]) == (404, "not_in_queue")


async def test_leaving_answers_204_however_often(client, runtime):
    event_id = await open_line(runtime, capacity=0)
    token = client.token()
    await _join(client, event_id, token)
    for _ in range(2):
        answer = await client.post(f"/queue/{event_id}/leave", token=token)
        assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get(f"/queue/{event_id}/status", token=token)).status_code == 404


async def test_after_a_loss_the_receipt_restores_the_number(client, runtime):
    event_id = await open_line(runtime, capacity=0)
    token = client.token()
    await _join(client, event_id, client.token())
    before = (await _join(client, event_id, token)).json()
    await lose_the_store(runtime)
    shown = {"queue-receipt": before["receipt"]}
    assert (await client.get(f"/queue/{event_id}/status", headers=shown)).status_code == 404
    newcomer = (await _join(client, event_id, client.token())).json()
    after = (await _join(client, event_id, token, json={"receipt": before["receipt"]})).json()
    assert after["number"] == before["number"] < newcomer["number"]
    assert after["position"] == before["position"]


async def test_a_reset_is_seen_as_a_new_epoch(client, runtime):
    event_id = await open_line(runtime, capacity=0)
    token = client.token()
    await _join(client, event_id, client.token())
    before = (await _join(client, event_id, token)).json()
    await reset(runtime, event_id)
    shown = {"queue-receipt": before["receipt"]}
    answer = await client.get(f"/queue/{event_id}/status", headers=shown)
    assert answer.json()["code"] == "not_in_queue"
    after = (await _join(client, event_id, token, json={"receipt": before["receipt"]})).json()
    assert (after["number"], after["position"]) == (1, 1)
    assert (await client.get(f"/queue/{event_id}/board")).json()["epoch"] == 2


async def test_staff_and_admins_are_admitted_at_once(client, runtime):
    event_id = await open_line(runtime, capacity=0)
    for role in ("staff", "admin"):
        standing = (await _join(client, event_id, client.token(role=role))).json()
        assert standing["state"] == "admitted"
        assert standing["pass"]
    standing = (await _join(client, event_id, client.token(role="organizer"))).json()
    assert standing["state"] == "waiting"


async def test_where_the_queue_is_off_a_pass_is_not_required(client, runtime):
    event_id = await open_line(runtime, enabled=False)
    token = client.token()
    answers = [
        await client.get(f"/queue/{event_id}/status", token=token),
        await _join(client, event_id, token),
    ]
    for answer in answers:
        standing = answer.json()
        assert (answer.status_code, standing["state"]) == (200, "not_required")
        assert set(standing) == {*FIELDS, "pass", "pass_expires_at"}
        assert standing["number"] is None


async def test_the_board_is_public_and_cacheable(client, runtime):
    event_id = await open_line(runtime, capacity=2, rate_per_minute=600_000)
    for _ in range(3):
        await _join(client, event_id, client.token())
    await admit(runtime)
    answer = await client.get(f"/queue/{event_id}/board")
    assert answer.status_code == 200
    assert answer.headers.get_list("cache-control") == ["public, max-age=1"]
    board = answer.json()
    assert board.pop("as_of").endswith("Z")
    assert board == {
        "event_id": str(event_id),
        "state": "open",
        "epoch": 1,
        "serving": 2,
        "waiting": 1,
        "admitted": 2,
        "capacity": 2,
        "rate_per_minute": 600_000,
    }


async def test_a_change_shows_on_the_board_within_two_seconds(client, runtime):
    event_id = await open_line(runtime, opens_in=timedelta(hours=1))
    assert (await client.get(f"/queue/{event_id}/board")).json()["state"] == "pre"
    started = runtime.clock.monotonic()
    await change(runtime, event_id, capacity=7)
    while (await client.get(f"/queue/{event_id}/board")).json()["capacity"] != 7:
        assert runtime.clock.monotonic() - started < 2


async def test_without_the_store_one_is_asked_to_come_back(client, runtime):
    event_id = await open_line(runtime)
    await client.get(f"/queue/{event_id}/board")
    store = runtime.redis
    runtime.redis = RedisStore(
        runtime.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1"})
    )
    for method, name in (("POST", "join"), ("POST", "leave"), ("GET", "status")):
        answer = await client.call(method, f"/queue/{event_id}/{name}", token=client.token())
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
    await runtime.redis.close()
    runtime.redis = store
