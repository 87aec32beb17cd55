"""What a client of the WebSocket is told, over a real connection."""

import json
import time

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.support.live import follow, open_socket, token_of
from tests.support.on_sale import open_sale
from tests.support.waiting_room import ask, change, join, leave, open_line, people, reset, until
from tiketi.events.api import EventCache
from tiketi.kernel.ids import new_id
from tiketi.queue import api as queue
from tiketi.seats import api as seats


async def set_notice(runtime, event_id, text):
    async with runtime.database.transaction() as tx:
        await queue.set_notice(tx, event_id, text, now=runtime.clock.now())


async def test_who_says_no_hello_is_closed_in_five_seconds(runtime, service):
    event_id = await open_line(runtime)
    began = time.monotonic()
    async with open_socket(service, event_id) as follower:
        assert await follower.close_code() == 4401
    assert 4.5 < time.monotonic() - began < 7


@pytest.mark.parametrize(
    "hello",
    [
        '{"type": "hello", "access_token": "nonsense"}',
        '{"type": "hello", "receipt": "nonsense"}',
        '{"type": "hello"}',
        '{"type": "hello", "access_token": 7}',
        '{"type": "goodbye"}',
        "[]",
        "not json",
        json.dumps({"type": "hello", "access_token": "x" * 5000}),
    ],
)
async def test_a_bad_hello_is_closed(runtime, service, hello):
    event_id = await open_line(runtime)
    async with open_socket(service, event_id) as follower:
        await follower.socket.send(hello)
        assert await follower.close_code() == 4401


async def test_a_receipt_of_another_event_is_closed(runtime, service):
    event_id, other_id = await open_line(runtime, rate_per_minute=0), await open_line(runtime)
    [actor] = people(1)
    receipt = (await join(runtime, event_id, actor)).receipt
    async with follow(service, other_id, receipt=receipt) as follower:
        assert await follower.close_code() == 4401


@pytest.mark.parametrize("event_id", [str(new_id()), "nonsense"], ids=["another", "nonsense"])
async def test_an_unknown_event_is_closed(runtime, service, event_id):
    async with follow(service, event_id, access_token=token_of(runtime)) as follower:
        assert await follower.close_code() == 4404


async def test_another_path_is_no_socket(service):
    with pytest.raises(InvalidStatus):
        async with open_socket(service, "a/b"):
            pass


async def test_one_who_waits_is_told_and_then_admitted(runtime, service):
    event_id = await open_line(runtime, rate_per_minute=0)
    first, second = people(2)
    for actor in (first, second):
        await join(runtime, event_id, actor)
    async with follow(service, event_id, access_token=token_of(runtime, second)) as follower:
        told = await follower.next("queue.position")
        asked = await ask(runtime, event_id, second)
        assert (told["state"], told["number"], told["position"], told["ahead"]) == (
            *("waiting", 2),
            *(asked.place.position, 1),
        )
        async with httpx.AsyncClient() as http:
            url = f"http://{service.address}/api/v1/queue/{event_id}/status"
            polled = (await http.get(url, headers={"Queue-Receipt": told["receipt"]})).json()
        assert polled.keys() | {"type"} == told.keys()
        await change(runtime, event_id, rate_per_minute=1_000_000)
        admitted = await follower.next("queue.admitted", seconds_max=5)
        assert admitted["state"] == "admitted"
        assert admitted["position"] is None
        event = await runtime.one(EventCache).get(event_id)
        await queue.require_pass(runtime, second, event, admitted["pass"])
        assert admitted["pass_expires_at"].endswith("Z")


async def test_a_receipt_is_enough(runtime, service):
    event_id = await open_line(runtime, rate_per_minute=0)
    [actor] = people(1)
    receipt = (await join(runtime, event_id, actor)).receipt
    async with follow(service, event_id, receipt=receipt) as follower:
        assert (await follower.next("queue.position"))["receipt"] == receipt


async def test_the_position_falls_when_somebody_ahead_leaves(runtime, service):
    event_id = await open_line(runtime, rate_per_minute=0)
    line = people(3)
    for actor in line:
        await join(runtime, event_id, actor)
    async with (
        follow(service, event_id, access_token=token_of(runtime, line[2])) as last,
        follow(service, event_id, access_token=token_of(runtime, line[0])) as first,
    ):
        await last.next("queue.position", position=3)
        await first.next("queue.position", position=1)
        await leave(runtime, event_id, line[0])
        await last.next("queue.position", position=2, seconds_max=2)
        await first.next("queue.position", state="expired", seconds_max=2)


async def test_who_waits_hears_at_least_every_five_seconds(runtime, service):
    event_id = await open_line(runtime, rate_per_minute=0)
    [actor] = people(1)
    await join(runtime, event_id, actor)
    async with follow(service, event_id, access_token=token_of(runtime, actor)) as follower:
        await follower.next("queue.position")
        began = time.monotonic()
        await follower.next("queue.position", seconds_max=5)
        assert time.monotonic() - began > 3  # nothing changed: not every tick


async def test_who_waits_is_told_what_holds_admission_back(runtime, service):
    event_id = await open_line(runtime, capacity=0)
    [actor] = people(1)
    await join(runtime, event_id, actor)
    async with follow(service, event_id, access_token=token_of(runtime, actor)) as follower:
        assert "held_back" not in await follower.next("queue.position")
        await change(runtime, event_id, paused=True)
        told = await follower.next("queue.position", held_back="paused")
        assert told["eta_seconds"] is None
        await change(runtime, event_id, paused=False, capacity=1)
        assert "held_back" not in await follower.next("queue.admitted")


async def test_who_has_not_joined_hears_of_it_once_they_have(runtime, service):
    event_id = await open_line(runtime, rate_per_minute=0)
    [actor] = people(1)
    async with follow(service, event_id, access_token=token_of(runtime, actor)) as follower:
        await follower.next("event.status", status="on_sale")
        await join(runtime, event_id, actor)
        await follower.next("queue.position", position=1, seconds_max=7)
        assert [m["type"] for m in follower.messages] == ["event.status", "queue.position"]


async def test_after_a_reset_one_is_told_and_joins_anew(runtime, service):
    event_id = await open_line(runtime, rate_per_minute=0)
    [actor] = people(1)
    await join(runtime, event_id, actor)
    async with follow(service, event_id, access_token=token_of(runtime, actor)) as follower:
        await follower.next("queue.position", state="waiting")
        await reset(runtime, event_id)
        gone = await follower.next("queue.position", state="expired", seconds_max=3)
        assert (gone["number"], gone["position"]) == (None, None)
        await join(runtime, event_id, actor, gone["receipt"])
        await follower.next("queue.position", state="waiting", seconds_max=7)


async def test_turning_the_queue_off_lets_everybody_in(runtime, service):
    event_id = await open_line(runtime, rate_per_minute=0)
    [actor] = people(1)
    await join(runtime, event_id, actor)
    async with follow(service, event_id, access_token=token_of(runtime, actor)) as follower:
        await follower.next("queue.position", state="waiting")
        await change(runtime, event_id, enabled=False)
        assert (await follower.next("queue.admitted", state="not_required"))["pass"]


async def test_a_lapsed_pass_is_told(runtime, service):
    event_id = await open_line(runtime, pass_ttl_seconds=2)
    [actor] = people(1)
    await join(runtime, event_id, actor)
    async with follow(service, event_id, access_token=token_of(runtime, actor)) as follower:
        await follower.next("queue.admitted")
        await follower.next("queue.position", state="expired", seconds_max=5)


async def test_locked_seats_are_seen_without_a_gap(runtime, service):
    event = await open_sale(runtime)
    async with follow(service, event.id, access_token=token_of(runtime)) as follower:
        await follower.next("event.status")
        before = await seats.read_availability(runtime, event.id)
        seat_map = await runtime.one(seats.SeatMaps).get(event.id)
        versions = []
        for turn, actor in enumerate(people(3)):
            await seats.lock_seats(runtime, seat_map, [seat_map.places[turn]], actor.user_id)
            changed = {}
            while not changed:
                message = await follower.next("seats.changed", seconds_max=5)
                versions.append(message["version"])
                changed = message["sections"]
            assert [turn, "h"] in changed["A"]
        assert versions == list(range(before.version + 1, before.version + 1 + len(versions)))


async def test_a_notice_reaches_everybody_within_two_seconds(runtime, service):
    event_id = await open_line(runtime)
    async with follow(service, event_id, access_token=token_of(runtime)) as early:
        await early.next("event.status")
        await set_notice(runtime, event_id, "곧 시작합니다")
        await early.next("notice", text="곧 시작합니다", seconds_max=2)
        async with follow(service, event_id, access_token=token_of(runtime)) as late:
            await late.next("notice", text="곧 시작합니다", seconds_max=2)
        await set_notice(runtime, event_id, None)
        await early.next("notice", text=None, seconds_max=2)


async def test_the_sixth_connection_closes_the_oldest(runtime, service):
    event_id = await open_line(runtime)
    token = token_of(runtime)
    async with follow(service, event_id, access_token=token) as oldest:
        await oldest.next("event.status")
        others = [follow(service, event_id, access_token=token) for _ in range(5)]
        followers = [await other.__aenter__() for other in others]
        for follower in followers:
            await follower.next("event.status")
        assert await oldest.close_code() == 4429
        for other in others:
            await other.__aexit__(None, None, None)


async def test_what_a_client_says_after_its_hello_is_bounded(runtime, service):
    event_id = await open_line(runtime)
    async with follow(service, event_id, access_token=token_of(runtime)) as follower:
        await follower.socket.send("anything")
        await follower.next("event.status")
        await follower.socket.send("x" * 5_000)
        assert await follower.close_code() == 1009


async def test_connections_are_counted_and_each_end_is_logged(runtime, service):
    event_id = await open_line(runtime)

    async def counts(expected):
        async with httpx.AsyncClient() as http:
            text = (await http.get(f"http://{service.address}/metrics")).text
        return f'tiketi_live_connections{{kind="socket"}} {expected}.0' in text

    async with follow(service, event_id, access_token=token_of(runtime)) as follower:
        await follower.next("event.status")
        await until(lambda: counts(1))
    await until(lambda: counts(0))
    lines = [json.loads(line) for line in service.output.read_text().splitlines()]
    [ended] = [line for line in lines if str(event_id) in line.get("path", "")]
    assert ended["route"] == "/queue/{event_id}/live"
    assert ended["code"] in (1000, 1006)  # hypercorn does not hand on the client's own code
    assert ended["request_id"]
    assert ended["user_id"]
