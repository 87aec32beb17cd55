"""Putting an event on sale, as an organizer does it over the admin's HTTP API."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tiketi.cli.simulate.calls import Account, Caller
from tiketi.cli.simulate.house import House, Snapshot
from tiketi.cli.simulate.plan import Plan
from tiketi.kernel.clock import rfc3339

CURRENCY = "KRW"
# Share of the seats in percent, and the price: the best are few and dear.
SECTIONS = (("VIP", 10, 198_000), ("R", 20, 165_000), ("S", 30, 132_000), ("A", 40, 99_000))
ROW_SEATS = 10
LARGE_ROW_SEATS = 50
LARGE_SECTION_SEATS = 1_000
# Far enough for the default refund policy, which ends a day before the start.
STARTS_IN_DAYS = 30


@dataclass(frozen=True, slots=True)
class OnSale:
    """A published event: its seats, and its first availability."""

    house: House
    snapshot: Snapshot


async def put_on_sale(caller: Caller, admin: Account, plan: Plan, now: datetime) -> OnSale:
    """Create a layout and an event, set its queue, publish it. Raises OutOfTime, Unforeseen."""
    layout = await _admin(caller, admin, "POST", "/admin/layouts", layout_of(plan.seats, now))
    body = event_of(plan, layout["id"], now)
    event = await _admin(caller, admin, "POST", "/admin/events", body)
    path = f"/admin/events/{event['id']}"
    queue = {
        "enabled": plan.queue,
        "capacity": plan.capacity,
        "rate_per_minute": plan.rate_per_minute,
        "pass_ttl_seconds": plan.pass_ttl_seconds,
    }
    await _admin(caller, admin, "PUT", f"{path}/queue", queue)
    await _admin(caller, admin, "POST", f"{path}/publish", None)
    return await read_on_sale(caller, event["id"])


async def read_on_sale(caller: Caller, event_id: str) -> OnSale:
    """The event as the public sees it."""
    path = f"/events/{event_id}"
    event = (await caller.call("event", "GET", path)).json()
    seat_map = (await caller.call("seat map", "GET", f"{path}/seats")).json()
    house = House.of(event, seat_map)
    availability = (await caller.call("availability", "GET", f"{path}/availability")).json()
    return OnSale(house, Snapshot.of(house, availability))


def layout_of(seats: int, now: datetime) -> dict[str, Any]:
    """A layout of exactly so many seats: rectangles, and one short row for what is left over."""
    sections = []
    left = seats
    for name, percent, price in SECTIONS:
        size = seats * percent // 100
        width = LARGE_ROW_SEATS if size >= LARGE_SECTION_SEATS else ROW_SEATS
        rows = size // width
        if rows:
            shape = {"name": name, "rows": rows, "seats_per_row": width, "price": price}
            sections.append(shape)
            left -= rows * width
    for number, width in enumerate(_short_rows(left), start=1):
        shape = {"name": f"B{number}", "rows": 1, "seats_per_row": width, "price": 77_000}
        sections.append(shape)
    return {"name": f"Simulation {rfc3339(now)}", "sections": sections}


def event_of(plan: Plan, layout_id: str, now: datetime) -> dict[str, Any]:
    """A draft event over the layout; its sale opens as soon as the plan says."""
    return {
        "title": f"Simulation of {plan.buyers} buyers",
        "artist": "The Simulants",
        "description": "An on-sale that `tiketi simulate` made.",
        "venue": {"name": "Test Hall", "address": "1 Test Street, Seoul", "timezone": "Asia/Seoul"},
        "starts_at": rfc3339(now + timedelta(days=STARTS_IN_DAYS)),
        "sale_opens_at": rfc3339(now + timedelta(seconds=plan.opens_in_seconds)),
        "sale_closes_at": rfc3339(now + timedelta(days=STARTS_IN_DAYS - 1)),
        "currency": CURRENCY,
        "limits": {
            "seats_per_order": plan.seats_per_order,
            "seats_per_user": plan.seats_per_order,
        },
        "queue": {"enabled": plan.queue},
        "layout_id": layout_id,
    }


def _short_rows(seats: int) -> list[int]:
    rows, rest = divmod(seats, LARGE_ROW_SEATS)
    return [LARGE_ROW_SEATS] * rows + ([rest] if rest else [])


async def _admin(
    caller: Caller, admin: Account, method: str, path: str, body: object | None
) -> dict[str, Any]:
    answer = await caller.call("admin", method, path, account=admin, json=body)
    found: dict[str, Any] = answer.json()
    return found
