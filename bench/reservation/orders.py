"""Orders as buyers send them: a file of them for wrk, each of four seats of its own."""

from pathlib import Path
from uuid import UUID

import orjson

from bench.reservation.hall import SEATS_A_BUYER
from bench.stage import token_of
from tiketi.infra.runtime import Runtime
from tiketi.kernel.ids import new_id
from tiketi.seats.api import SeatMaps


async def write_orders(runtime: Runtime, event_id: UUID, path: Path) -> int:
    """One order a buyer until the event's seats are all asked for; how many."""
    seat_map = await runtime.one(SeatMaps).get(event_id)
    orders = len(seat_map) // SEATS_A_BUYER
    with path.open("wb") as file:
        for number in range(orders):
            first = number * SEATS_A_BUYER
            seat_ids = seat_map.seat_ids[first : first + SEATS_A_BUYER]
            body = orjson.dumps({"event_id": event_id, "seat_ids": seat_ids})
            file.write(b"\t".join((token_of(runtime).encode(), str(new_id()).encode(), body)))
            file.write(b"\n")
    return orders
