"""What people who wait are told while admission is held back, and what makes it go on."""

from contextlib import suppress
from uuid import uuid4

import pytest

from tests.support.on_sale import Section, open_sale
from tests.support.paying import GOOD
from tests.support.waiting_room import (
    admit,
    change,
    mark_sold_out,
    open_line,
    pass_a_second,
    reset,
)
from tiketi.kernel.errors import NotFound
from tiketi.kernel.ids import new_id
from tiketi.queue import api as queue
from tiketi.queue.boards import Boards
from tiketi.queue.estimate import POLL_IDLE_SECONDS, POLL_SECONDS_MAX
from tiketi.queue.keys import pressure_key, room_keys
from tiketi.reservations.loops import sweep


class Visitor:
    """One account, from the line to the ticket."""

    def __init__(self, client, event_id, role="user"):
        self.client, self.event_id = client, event_id
        self.token = client.token(role=role)

    async def join(self):
        return (await self.client.post(f"/queue/{self.event_id}/join", token=self.token)).json()

    async def ask(self):
        return (await self.client.get(f"/queue/{self.event_id}/status", token=self.token)).json()

    async def post(self, path, body=None, **headers):
        headers["Idempotency-Key"] = str(uuid4())
        return await self.client.post(path, body, token=self.token, headers=headers)

    async def reserve(self, seat_id, pass_):
        body = {"event_id": str(self.event_id), "seat_ids": [seat_id]}
        return await self.post("/reservations", body, **{"Queue-Pass": pass_})

    async def buy(self, seat_id):
        """The reservation, paid."""
        held = (await self.reserve(seat_id, (await self.join())["pass"])).json()
        payment = (await self.post("/payments", {"reservation_id": held["id"]})).json()
        paid = await self.post(f"/payments/{payment['id']}/confirm", {"card": {"number": GOOD}})
        assert paid.json()["status"] == "succeeded", paid.text
        return held["id"]


async def _board(client, runtime, event_id):
    """The board, not a process's memory of it."""
    runtime.one(Boards)._cache.forget(event_id)
    return (await client.get(f"/queue/{event_id}/board")).json()


async def _open_sale(runtime, seats):
    section = Section(rows=1, seats_per_row=seats)
    event = await open_sale(runtime, sections=[section], queue_enabled=True)
    settings = queue.WaitingRoomSettings(enabled=True, rate_per_minute=1_000_000)
    async with runtime.database.transaction() as tx:
        await queue.open_room(tx, runtime, event.id, settings)
    return event.id


async def test_sold_out_stops_admission_and_a_returned_seat_starts_it_again(client, runtime):
    event_id = await _open_sale(runtime, seats=2)
    first, second, late = (Visitor(client, event_id) for _ in range(3))
    reservation_id = await first.buy("A-1-1")
    await second.buy("A-1-2")
    await sweep(runtime)
    await admit(runtime)

    standing = await late.join()
    assert (standing["state"], standing["position"]) == ("waiting", 1)
    assert standing["held_back"] == "sold_out"
    assert standing["eta_seconds"] is standing["eta_range_seconds"] is None
    assert standing["poll_after_seconds"] >= POLL_IDLE_SECONDS * 0.75
    assert (await late.ask())["held_back"] == "sold_out"
    assert (await _board(client, runtime, event_id))["held_back"] == "sold_out"
    # The crew goes in all the same.
    assert (await Visitor(client, event_id, "staff").join())["state"] == "admitted"

    await first.post(f"/reservations/{reservation_id}/cancel")
    await sweep(runtime)
    await admit(runtime)
    standing = await late.ask()
    assert standing["state"] == "admitted"
    assert "held_back" not in standing
    assert "held_back" not in await _board(client, runtime, event_id)
    assert (await late.reserve("A-1-1", standing["pass"])).status_code == 201


async def test_seats_that_are_only_held_stop_nobody(client, runtime):
    event_id = await _open_sale(runtime, seats=1)
    holder, hopeful = Visitor(client, event_id), Visitor(client, event_id)
    await holder.reserve("A-1-1", (await holder.join())["pass"])
    await sweep(runtime)
    await admit(runtime)
    assert (await hopeful.join())["state"] == "admitted"


async def test_the_line_stands_still_while_everything_is_sold(client, runtime):
    event_id = await open_line(runtime, capacity=3)
    crowd = [Visitor(client, event_id) for _ in range(6)]
    standings = [await each.join() for each in crowd]
    await mark_sold_out(runtime, event_id, sold_out=True)
    await admit(runtime)
    await client.post(f"/queue/{event_id}/leave", token=crowd[0].token)
    await admit(runtime)
    after = [await each.ask() for each in crowd[3:]]
    assert [each["position"] for each in after] == [each["position"] for each in standings[3:]]
    board = await _board(client, runtime, event_id)
    assert (board["state"], board["admitted"], board["waiting"]) == ("open", 2, 3)
    await mark_sold_out(runtime, event_id, sold_out=False)
    await admit(runtime)
    after = [await each.ask() for each in crowd[3:]]
    assert [each["state"] for each in after] == ["admitted", "waiting", "waiting"]
    assert [each["position"] for each in after] == [None, 1, 2]


async def test_paused_is_said_to_those_who_wait_and_on_the_board(client, runtime):
    event_id = await open_line(runtime, rate_per_minute=60, paused=True)
    crowd = [Visitor(client, event_id) for _ in range(3)]
    standings = [await each.join() for each in crowd]
    assert {each["held_back"] for each in standings} == {"paused"}
    assert {each["eta_seconds"] for each in standings} == {None}
    board = await _board(client, runtime, event_id)
    assert (board["state"], board["held_back"]) == ("paused", "paused")
    await change(runtime, event_id, paused=False)
    await admit(runtime)
    standing = await crowd[2].ask()
    assert "held_back" not in standing
    assert standing["eta_seconds"] is not None


async def test_while_nobody_is_admitted_those_behind_ask_later(client, runtime):
    event_id = await open_line(runtime, rate_per_minute=1, paused=True)
    front, behind = Visitor(client, event_id), Visitor(client, event_id)
    assert (await front.join())["poll_after_seconds"] <= POLL_SECONDS_MAX / 2
    await front.client.post(f"/queue/{event_id}/join", token=client.token())
    assert (await behind.join())["poll_after_seconds"] >= POLL_SECONDS_MAX * 0.75


@pytest.mark.parametrize("slow", ["hold_target_ms", "payment_target_ms"])
async def test_slow_holds_or_payments_are_said_and_recovery_takes_it_back(client, runtime, slow):
    """Nothing takes less than its target here, so that real calls are slow ones."""
    event_id = await _open_sale(runtime, seats=8)
    runtime.settings = runtime.settings.model_copy(update={slow: 1})
    for number in range(1, 8):
        await Visitor(client, event_id).buy(f"A-1-{number}")
    await change(runtime, event_id, capacity=0)
    await queue.report_pressure(runtime)
    await pass_a_second(runtime, event_id)
    await admit(runtime)
    standing = await Visitor(client, event_id).join()
    assert (standing["state"], standing["held_back"]) == ("waiting", "slowed")
    assert (await _board(client, runtime, event_id))["held_back"] == "slowed"

    await runtime.redis.command("HSET", room_keys(event_id)[0], "speed", 0.995)
    await runtime.redis.command("DEL", pressure_key())
    await pass_a_second(runtime, event_id)
    await admit(runtime)
    assert "held_back" not in await _board(client, runtime, event_id)


async def test_what_is_shown_to_the_sale_is_counted_by_it(client, runtime):
    event_id = await _open_sale(runtime, seats=1)
    shown, _unshown = Visitor(client, event_id), Visitor(client, event_id)
    await shown.reserve("A-1-1", (await shown.join())["pass"])
    held = await runtime.redis.command("HMGET", room_keys(event_id)[0], "settled", "no_shows")
    assert [float(number) for number in held] == [1, 0]


async def test_every_operator_action_is_counted_once_it_is_done(client, runtime):
    event_id = await open_line(runtime)

    async def counted(action):
        text = (await client.http.get("/metrics")).text
        start = f'tiketi_queue_operator_actions_total{{action="{action}"}} '
        found = [line for line in text.splitlines() if line.startswith(start)]
        return float(found[0].removeprefix(start)) if found else 0.0

    actions = {
        "pause": {"paused": True},
        "resume": {"paused": False},
        "capacity": {"capacity": 7},
        "rate": {"rate_per_minute": 70},
        "pass_ttl": {"pass_ttl_seconds": 70},
        "mode": {"mode": queue.Mode.DRAW},
        "disable": {"enabled": False},
        "enable": {"enabled": True},
    }
    for action, changes in actions.items():
        before = await counted(action)
        for _ in range(2):
            await change(runtime, event_id, **changes)
        assert await counted(action) == before + 1, action

    before = await counted("reset"), await counted("notice")
    await reset(runtime, event_id)
    async with runtime.database.transaction() as tx:
        await queue.set_notice(tx, event_id, "잠시만요", now=runtime.clock.now())
    # What is rolled back was not done.
    with suppress(NotFound):
        async with runtime.database.transaction() as tx:
            await queue.set_notice(tx, event_id, "undone", now=runtime.clock.now())
            await queue.set_notice(tx, new_id(), "of no event", now=runtime.clock.now())
    assert (await counted("reset"), await counted("notice")) == (before[0] + 1, before[1] + 1)


async def test_the_effect_of_what_steers_admission_is_measured(client, runtime):
    paused = await open_line(runtime, capacity=100, rate_per_minute=6_000)
    await change(runtime, paused, paused=True)
    await mark_sold_out(runtime, await open_line(runtime, capacity=10), sold_out=True)
    slowed = await open_line(runtime, capacity=10)
    await runtime.redis.command("HSET", room_keys(slowed)[0], "speed", 0.5)
    await admit(runtime)
    text = (await client.http.get("/metrics")).text
    for line in (
        "tiketi_queue_rooms 3.0",
        "tiketi_queue_capacity 120.0",
        'tiketi_queue_held_back_rooms{reason="paused"} 1.0',
        'tiketi_queue_held_back_rooms{reason="sold_out"} 1.0',
        'tiketi_queue_held_back_rooms{reason="slowed"} 1.0',
        "tiketi_queue_speed 0.5",
        'tiketi_queue_pressure{work="hold"} 0.0',
        "tiketi_queue_no_show_share 0.0",
    ):
        assert line in text, line


async def test_the_document_says_what_holds_back(client):
    document = (await client.http.get("/openapi.json")).json()
    for path in ("/queue/{event_id}/status", "/queue/{event_id}/board"):
        answer = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]
        name = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        view = document["components"]["schemas"][name]
        assert "sold_out: nobody" in view["properties"]["held_back"]["description"]
        assert "held_back" not in view["required"]
