"""Who waits for a sold-out event: offered, bought, passed on, and everything that is refused."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.clock import ShiftedClock
from tests.support.on_sale import General, Section, open_sale
from tests.support.selling import cancel, order, outcome, states
from tests.support.waiting_list import PATH, Waiter, broken, sell_out, serve
from tiketi.kernel.ids import new_id

ROW = [f"A-1-{number}" for number in range(1, 7)]


@pytest.fixture
async def event(runtime):
    runtime.clock = ShiftedClock()
    return await open_sale(runtime, sections=[Section("A", rows=1, seats_per_row=6)])


@pytest.fixture
async def sold(client, event):
    return await sell_out(client, event.id, ROW)


@pytest.fixture
def waiter(client, event):
    return lambda: Waiter(client, event.id)


async def give_back(client, sold, *numbers):
    for number in numbers:
        await cancel(client, *sold[number])


async def test_a_freed_seat_goes_to_the_first_in_line_and_to_nobody_else(
    client, runtime, event, sold, waiter
):
    anna, boris = await waiter().wait(), await waiter().wait()
    assert (await anna.look())["position"] == 1
    assert (await boris.look())["position"] == 2
    await give_back(client, sold, 2)
    # From the moment on that it came free.
    assert outcome(await order(client, str(event.id), seat_ids=["A-1-3"])) == "seat_taken"
    await serve(runtime)
    assert await anna.offered() == ["A-1-3"]
    assert (await anna.look())["position"] is None
    assert (await boris.look())["position"] == 1
    assert await broken(runtime) == []
    assert outcome(await order(client, str(event.id), seat_ids=["A-1-3"])) == "seat_taken"
    assert outcome(await boris.buy(seat_ids=["A-1-3"])) == "seat_taken"
    assert outcome(await anna.buy(seat_ids=["A-1-3"])) == "held"
    assert await broken(runtime) == []


async def test_a_party_is_offered_neighbours_and_one_that_need_not_sit_together_any(
    client, runtime, event, sold, waiter
):
    pair, two = await waiter().wait(2), await waiter().wait(2, adjacent=False)
    await give_back(client, sold, 0, 2)
    await serve(runtime)
    assert await pair.offered() is None
    assert await two.offered() == ["A-1-1", "A-1-3"]
    await give_back(client, sold, 4, 5)
    await serve(runtime)
    assert await pair.offered() == ["A-1-5", "A-1-6"]
    assert await broken(runtime) == []


async def test_best_available_takes_the_offer(client, runtime, sold, waiter):
    anna = await waiter().wait(2)
    await give_back(client, sold, 1, 2)
    await serve(runtime)
    answer = await client.post(
        "/reservations/best-available",
        {"event_id": anna.event_id, "quantity": 2},
        token=anna.token,
        headers={"Idempotency-Key": "k"},
    )
    assert [item["seat_id"] for item in answer.json()["items"]] == ["A-1-2", "A-1-3"]


async def test_what_fits_nobody_is_everybodys_at_once(client, runtime, event, sold, waiter):
    pair = await waiter().wait(2)
    await give_back(client, sold, 0)
    await serve(runtime, rounds=1)
    assert await pair.status() == "waiting"
    assert await states(runtime, str(event.id)) == "ahhhhh"
    assert outcome(await order(client, str(event.id), seat_ids=["A-1-1"])) == "held"


async def test_an_offer_that_expires_goes_to_the_next(client, runtime, event, sold, waiter):
    anna, boris = await waiter().wait(), await waiter().wait()
    await give_back(client, sold, 3)
    await serve(runtime)
    assert await anna.offered() == ["A-1-4"]
    runtime.clock.advance(seconds=runtime.settings.offer_ttl_seconds + 1)
    assert outcome(await anna.buy(seat_ids=["A-1-4"])) == "seat_taken"
    await serve(runtime)
    assert await anna.status() == "expired"
    assert await boris.offered() == ["A-1-4"]
    assert await states(runtime, str(event.id)) == "hhhbhh"


async def test_who_leaves_while_offered_passes_it_on(client, runtime, event, sold, waiter):
    anna, boris = await waiter().wait(), await waiter().wait()
    await give_back(client, sold, 3)
    await serve(runtime)
    await anna.leave()
    await anna.leave()
    assert outcome(await anna.buy(seat_ids=["A-1-4"])) == "seat_taken"
    await serve(runtime)
    assert await anna.status() == "left"
    assert await boris.offered() == ["A-1-4"]
    await boris.leave()
    await serve(runtime)
    assert await states(runtime, str(event.id)) == "hhhahh"
    assert await broken(runtime) == []


async def test_who_left_may_wait_again_behind_the_others(client, sold, waiter):
    anna, boris = await waiter().wait(), await waiter().wait()
    first = anna.id
    await anna.leave()
    await anna.wait()
    assert anna.id != first
    assert (await boris.look())["position"] == 1
    assert (await anna.look())["position"] == 2
    listed = await client.get(PATH, token=anna.token)
    assert [item["id"] for item in listed.json()["items"]] == [anna.id, first]


async def test_general_places_are_offered_by_quantity(client, runtime):
    event = await open_sale(runtime, sections=[], general=[General(capacity=4)])
    (tier,) = event.tiers
    general = [{"tier_id": str(tier.id), "quantity": 2}]
    held = []
    for _ in range(2):
        token = client.token()
        held.append((await order(client, str(event.id), token=token, general=general), token))
    trio = await Waiter(client, event.id).wait(3)
    pair = await Waiter(client, event.id).wait(2)
    await cancel(client, *held[0])
    assert outcome(await order(client, str(event.id), general=general)) == "sold_out"
    await serve(runtime)
    assert (await pair.look())["offer"]["general"] == {str(tier.id): 2}
    assert await trio.status() == "waiting"
    assert outcome(await order(client, str(event.id), general=general)) == "sold_out"
    more = [{"tier_id": str(tier.id), "quantity": 3}]
    assert outcome(await pair.buy(general=more)) == "sold_out"
    bought = await pair.buy(general=general)
    assert outcome(bought) == "held"
    assert await broken(runtime) == []
    await cancel(client, bought, pair.token)
    await pair.leave()
    await cancel(client, *held[1])
    await serve(runtime)
    assert (await trio.look())["offer"]["general"] == {str(tier.id): 3}
    assert outcome(await order(client, str(event.id), general=[{**general[0], "quantity": 1}])) == (
        "held"
    )
    assert await broken(runtime) == []


async def test_an_end_of_the_sale_ends_every_wait(client, runtime, event, sold, waiter):
    anna, boris = await waiter().wait(), await waiter().wait()
    await give_back(client, sold, 0)
    await serve(runtime)
    runtime.clock.advance(days=21)
    await serve(runtime)
    assert [await anna.status(), await boris.status()] == ["expired", "expired"]
    assert (await states(runtime, str(event.id)))[0] == "a"


async def test_the_same_wish_is_the_first_entry_and_another_is_refused(client, sold, waiter):
    anna = await waiter().wait(2)
    again = await anna.ask(2)
    assert (again.status_code, again.json()["id"]) == (201, anna.id)
    other = await anna.ask(3)
    assert (other.status_code, other.json()["code"]) == (409, "already_waiting")
    assert other.json()["entry_id"] == anna.id


async def test_one_account_at_once_from_many_tabs_waits_once(sold, waiter):
    anna = waiter()
    answers = await asyncio.gather(*(anna.ask(2) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_nobody_waits_for_what_can_be_bought_now(client, runtime, event, waiter):
    answer = await waiter().ask(2)
    assert (answer.status_code, answer.json()["code"]) == (409, "places_available")
    await sell_out(client, event.id, [ROW[0], ROW[2], ROW[4]])
    await waiter().wait(2)
    answer = await waiter().ask(2, adjacent=False)
    assert answer.json()["code"] == "places_available"


async def test_limits_of_the_order_and_of_the_account_hold(client, sold, waiter):
    assert (await waiter().ask(5)).json()["code"] == "limit_exceeded"
    anna = waiter()
    anna.user_id = UUID(sold[0][0].json()["user_id"])
    body = {"quantity": 4, "event_id": anna.event_id}
    async with client.runtime.database.transaction() as tx:
        await tx.execute(text("UPDATE reservations.quota SET places = 5"))
    assert (await client.post(PATH, body, token=anna.token)).json()["code"] == "limit_exceeded"
    assert (await anna.ask(3)).status_code == 201


async def test_only_while_on_sale(client, runtime):
    event = await open_sale(runtime, opens_in=timedelta(hours=1))
    answer = await Waiter(client, event.id).ask()
    assert (answer.status_code, answer.json()["code"]) == (409, "sale_not_open")


async def test_strangers_and_nonsense_are_refused(client, sold, waiter):
    anna = await waiter().wait()
    body = {"event_id": anna.event_id, "quantity": 1}
    assert (await client.post(PATH, body)).status_code == 401
    assert (await client.post(PATH, {**body, "event_id": str(new_id())}, token=anna.token)
            ).status_code == 404  # fmt: skip
    for wrong in ({"quantity": 0}, {"tier_ids": [str(new_id())]}, {"pass": 1}):
        answer = await client.post(PATH, {**body, **wrong}, token=client.token())
        assert answer.status_code == 422, answer.text
    path = f"{PATH}/{anna.id}"
    assert (await client.get(path, token=client.token())).status_code == 404
    assert (await client.delete(path, token=client.token())).status_code == 404
    assert (await client.delete(f"{PATH}/{new_id()}", token=anna.token)).status_code == 404
    assert (await client.get(path)).status_code == 401
