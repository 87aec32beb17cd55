"""Allotments while people buy: races that really commit, late payments, and the clock itself."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest

from tests.http.admin.house import hire, made
from tests.support.paying import Buyer, audit, expire_hold
from tests.support.selling import order, order_best, outcome, states
from tiketi.events import api as events
from tiketi.infra.loops import run_loop
from tiketi.kernel.actor import Role
from tiketi.kernel.clock import rfc3339
from tiketi.seats.loops import LOOPS

CODE = "fans only"
POLL_SECONDS = 0.02


@pytest.fixture
async def organizer(client):
    return await hire(client, Role.ORGANIZER, "organizer")


@pytest.fixture
async def event(organizer):
    sections = [{"name": "A", "rows": 10, "seats_per_row": 10, "price": 10_000}]
    layout = await organizer.make_layout(sections=sections)
    return await organizer.make_event(publish=True, layout_id=layout["id"])


async def keep(organizer, event, **body):
    body = {"name": "Fans", "sections": ["A"], "access_code": CODE, **body}
    return made(await organizer.post(f"/events/{event['id']}/allotments", body))


async def test_a_release_among_buyers_sells_no_seat_twice_and_loses_none(client, organizer, event):
    kept = await keep(organizer, event)
    path = f"/events/{event['id']}/allotments/{kept['id']}/release"
    seats = [f"A-{1 + n % 10}-{1 + n // 10 % 10}" for n in range(150)]

    async def buy(number):
        code = {"access_code": CODE} if number % 2 else {}
        return outcome(await order(client, event["id"], seat_ids=[seats[number]], **code))

    first = [buy(n) for n in range(75)]
    rest = [buy(n) for n in range(75, 150)]
    results = await asyncio.gather(*first, organizer.post(path), *rest)
    assert results.pop(75).status_code == 200
    counts = Counter(results)
    assert set(counts) <= {"held", "seat_taken"}
    held = await states(client.runtime, event["id"])
    assert held.count("h") == counts["held"]
    assert held.count("a") == 100 - counts["held"]
    assert await audit(client.runtime) == []


async def test_60_pairs_with_the_code_and_60_without_share_nothing(client, organizer, event):
    await keep(organizer, event, sections=[], rows=[f"A-{row}" for row in range(1, 6)])
    answers = await asyncio.gather(
        *(
            order_best(client, event["id"], quantity=2, **({"access_code": CODE} if n % 2 else {}))
            for n in range(120)
        )
    )
    seats = [
        (item["seat_id"], n % 2)
        for n, answer in enumerate(answers)
        if answer.status_code == 201
        for item in answer.json()["items"]
    ]
    assert len({seat_id for seat_id, _ in seats}) == len(seats)
    kept = {f"A-{row}-{number}" for row in range(1, 6) for number in range(1, 11)}
    assert not [seat_id for seat_id, has_code in seats if seat_id in kept and not has_code]
    assert kept <= {seat_id for seat_id, _ in seats}
    assert await audit(client.runtime) == []


async def buyer_at(client, event):
    async with client.runtime.database.latest() as reader:
        return Buyer(client, await events.get_event(reader, UUID(event["id"])))


async def start_with_code(client, event, buyer, seat_id):
    held = await order(client, event["id"], token=buyer.token, seat_ids=[seat_id], access_code=CODE)
    return await buyer.start(held.json()["id"])


async def test_who_pays_late_takes_the_kept_seat_and_the_use_of_the_code_again(
    client, organizer, event
):
    kept = await keep(organizer, event, uses_max=1)
    anna = await buyer_at(client, event)
    payment = await start_with_code(client, event, anna, "A-1-1")
    await expire_hold(client.runtime, payment["reservation_id"])
    assert (await states(client.runtime, event["id"]))[0] == "b"
    assert (await anna.confirm(payment)).json()["status"] == "succeeded"
    path = f"/events/{event['id']}/allotments/{kept['id']}"
    assert (await organizer.get(path)).json()["uses"] == 1
    assert await audit(client.runtime) == []


async def test_who_pays_late_with_a_code_used_up_since_gets_the_money_back(
    client, organizer, event
):
    await keep(organizer, event, uses_max=1)
    anna, boris = await buyer_at(client, event), await buyer_at(client, event)
    payment = await start_with_code(client, event, anna, "A-1-1")
    await expire_hold(client.runtime, payment["reservation_id"])
    paid = await start_with_code(client, event, boris, "A-1-2")
    assert (await boris.confirm(paid)).json()["status"] == "succeeded"
    assert (await anna.confirm(payment)).json()["status"] == "refunded"
    assert (await states(client.runtime, event["id"]))[:2] == "bs"
    assert await audit(client.runtime) == []


async def test_the_loop_releases_when_the_time_has_come(client, organizer, event):
    due = client.runtime.clock.now() + timedelta(seconds=1)
    await keep(organizer, event, release_at=rfc3339(due))
    (loop,) = LOOPS
    task = asyncio.create_task(run_loop(client.runtime, loop))
    try:
        async with asyncio.timeout(20):
            while await states(client.runtime, event["id"]) != "a" * 100:  # noqa: ASYNC110 # of a loop
                await asyncio.sleep(POLL_SECONDS)
    finally:
        task.cancel()
    assert client.runtime.clock.now() >= due
    assert outcome(await order(client, event["id"], seat_ids=["A-1-1"])) == "held"


async def test_who_has_the_code_may_lock_what_is_kept_back_and_then_reserve_it(
    client, organizer, event
):
    await keep(organizer, event, sections=["A"])
    wanted = {"event_id": event["id"], "seat_ids": ["A-1-1", "A-1-2"]}

    async def lock(token, **more):
        return await client.post("/reservations/locks", {**wanted, **more}, token=token)

    assert (await lock(client.token())).json()["code"] == "seat_taken"
    token = client.token()
    locked = await lock(token, access_code=CODE)
    assert locked.status_code == 201, locked.text
    assert (await lock(client.token(), access_code=CODE)).json()["code"] == "seat_taken"
    wrong = await lock(client.token(), access_code="a guess")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "access_code_required")
    held = await order(
        client, event["id"], seat_ids=wanted["seat_ids"], access_code=CODE, token=token
    )
    assert outcome(held) == "held"
