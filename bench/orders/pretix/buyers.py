"""Buyers of pretix: each orders one item as paid, and has the ticket's secret in the answer."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.orders.buyers import Connection, Refused


@dataclass(frozen=True)
class Shop:
    """Where, and what: an item's id by event."""

    port: int
    organizer: str
    token: str
    items: Mapping[str, int]


async def order_for(
    shop: Shop, event: str, buyers: int, seconds: float
) -> tuple[list[float], float]:
    """So many buyers at once for so long: the seconds of each order, and until the last had theirs.

    Raises Refused for any answer but an order that is paid and has a ticket.
    """
    orders: list[float] = []
    started = time.perf_counter()
    until = started + seconds
    await asyncio.gather(*(_order_on(shop, event, orders, until) for _ in range(buyers)))
    return orders, time.perf_counter() - started


async def _order_on(shop: Shop, event: str, orders: list[float], until: float) -> None:
    """A connection for each order, since gunicorn's sync workers close it after their answer."""
    opened = partial(Connection, host=f"127.0.0.1:{shop.port}", scheme="Token")
    loop = asyncio.get_running_loop()
    path = f"/organizers/{shop.organizer}/events/{event}/orders/"
    wanted = {
        "status": "p",
        "payment_provider": "manual",
        "locale": "en",
        "positions": [{"item": shop.items[event]}],
    }
    while time.perf_counter() < until:
        started = time.perf_counter()
        _, connection = await loop.create_connection(opened, "127.0.0.1", shop.port)
        _check(await connection.call("POST", path, shop.token, wanted))
        orders.append(time.perf_counter() - started)
        connection.close()


def _check(order: Mapping[str, Any]) -> None:
    (ticket,) = order["positions"]
    (payment,) = order["payments"]
    if order["status"] != "p" or payment["state"] != "confirmed" or not ticket["secret"]:
        raise Refused(f"not paid, or no ticket: {order}")
