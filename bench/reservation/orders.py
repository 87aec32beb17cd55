"""Orders as buyers send them: a file of them for wrk, each of four seats of its own."""

from pathlib import Path
from uuid import UUID

import orjson

from bench.reservation.hall import SEATS_A_BUYER
from bench.stage import draft_event, token_of
from tiketi.events import api as events
from tiketi.infra.runtime import Runtime
from tiketi.kernel.ids import new_id
from tiketi.queue import api as queue
from tiketi.seats import api as seats

SEATS_A_ROW = 100
ROWS_A_SECTION = 100
PRICE = 50_000


async def open_map(
    runtime: Runtime, seat_count: int, room: queue.WaitingRoomSettings | None = None
) -> UUID:
    """A published event on sale with a map of so many seats; its queue is off without a room."""
    now = runtime.clock.now()
    sections = -(-seat_count // (SEATS_A_ROW * ROWS_A_SECTION))
    layout = [
        seats.LayoutSection(
            f"S{number}", rows=ROWS_A_SECTION, seats_per_row=SEATS_A_ROW, price_minor=PRICE
        )
        for number in range(sections)
    ]
    async with runtime.database.transaction() as tx:
        drawn = await seats.create_layout(
            tx, name="Benchmark", sections=layout, owner_id=None, now=now
        )
        new = draft_event(
            now,
            queue_enabled=room is not None,
            layout_id=drawn.id,
            limits=events.Limits(SEATS_A_BUYER, SEATS_A_BUYER),
            tiers=seats.tiers_of(layout),
        )
        event = await events.create_event(tx, new, organizer_id=None, now=now)
        await seats.open_map(tx, event.id, drawn, event.tiers)
        if room is not None:
            await queue.open_room(tx, runtime, event.id, room)
        await events.publish_event(tx, event.id, now=now)
    return event.id


async def write_orders(runtime: Runtime, event_id: UUID, path: Path) -> int:
    """One order a buyer until the event's seats are all asked for; how many."""
    seat_map = await runtime.one(seats.SeatMaps).get(event_id)
    orders = len(seat_map) // SEATS_A_BUYER
    with path.open("wb") as file:
        for number in range(orders):
            first = number * SEATS_A_BUYER
            seat_ids = seat_map.seat_ids[first : first + SEATS_A_BUYER]
            body = orjson.dumps({"event_id": event_id, "seat_ids": seat_ids})
            file.write(b"\t".join((token_of(runtime).encode(), str(new_id()).encode(), body)))
            file.write(b"\n")
    return orders
