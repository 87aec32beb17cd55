"""How often a crowd that wants what is not there makes a process ask PostgreSQL."""

import asyncio

import pytest
from sqlalchemy import text

from tests.support.clock import ShiftedClock
from tests.support.on_sale import Section, open_sale
from tiketi.kernel.ids import new_id
from tiketi.reservations import best
from tiketi.reservations.choosing import free_seats
from tiketi.seats.api import NoSeatsTogether

WISH = best.Wish(2, None, None, adjacent=True, accessible=False)


@pytest.fixture
async def sold_out(runtime):
    runtime.clock = ShiftedClock()
    event = await open_sale(runtime, sections=[Section(rows=10, seats_per_row=50)])
    async with runtime.database.transaction() as tx:
        await tx.execute(text("UPDATE seats.seat SET state = 's', reservation_id = event_id"))
    return event


async def test_a_crowd_at_a_sold_out_hall_asks_the_database_once(runtime, sold_out, monkeypatch):
    monkeypatch.setattr(free_seats, "LOOKED_SEATS_A_SECOND_MAX", 10)
    search = await best.plan_search(runtime, sold_out, WISH)
    asked = 0
    read_states = free_seats.seats.read_states

    async def count(*given):
        nonlocal asked
        asked += 1
        return await read_states(*given)

    # Counts, and asks the real store: how often it is asked is the outcome here.
    monkeypatch.setattr(free_seats.seats, "read_states", count)

    async def choose():
        with pytest.raises(NoSeatsTogether):
            await best.choose(runtime, search, new_id(), tried=0)

    await asyncio.gather(*(choose() for _ in range(50)))
    for _ in range(10):
        await choose()
    assert asked == 1
    async with runtime.database.transaction() as tx:
        await tx.execute(text("UPDATE seats.seat SET state = 'a', reservation_id = NULL"))
    runtime.clock.advance(seconds=500 / 10 + 1)
    assert (await best.choose(runtime, search, new_id(), tried=0)).quantity == 2
