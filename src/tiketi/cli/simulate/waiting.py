"""Standing in line: joining, asking when told to, leaving; and what the line promised."""

import asyncio
from collections.abc import Mapping
from typing import Any

from tiketi.cli.simulate.buyer import Buyer

POLL_SECONDS_MIN = 0.2
ADMITTED = ("admitted", "not_required")
NUMBER_PROMISE = "every number is given once"
PLACE_PROMISE = "a position never grows"


async def get_admitted(buyer: Buyer) -> bool:
    """Wait for a pass. False when everything was sold meanwhile, and the line is left."""
    buyer.stage = "waiting"
    _forget_place(buyer)
    standing = await join(buyer)
    while True:
        if standing["state"] in ADMITTED:
            buyer.enter(standing["pass"], standing.get("pass_expires_at"))
            return True
        if standing["state"] == "expired":
            _forget_place(buyer)
            standing = await join(buyer)
            continue
        if await _sold_out_while_waiting(buyer, standing):
            await leave(buyer)
            return False
        standing = await ask(buyer)


async def join(buyer: Buyer) -> Mapping[str, Any]:
    """Take a place, or the place one has; the receipt restores it if the queue lost it."""
    body = {"receipt": buyer.receipt} if buyer.receipt else None
    answer = await buyer.call("join", "POST", f"/queue/{_event(buyer)}/join", json=body)
    return await _read(buyer, answer.json())


async def ask(buyer: Buyer) -> Mapping[str, Any]:
    """The standing, by receipt alone as a waiting page asks for it."""
    answer = await buyer.world.caller.call(
        "status",
        "GET",
        f"/queue/{_event(buyer)}/status",
        headers={"queue-receipt": buyer.receipt},
        foreseen={"not_in_queue"},
    )
    if answer.ok:
        return await _read(buyer, answer.json())
    return await join(buyer)


async def leave(buyer: Buyer) -> None:
    """Give the place up, in the line or inside."""
    buyer.step_out()
    await buyer.call("leave", "POST", f"/queue/{_event(buyer)}/leave")
    buyer.pass_ = ""
    buyer.receipt = ""


def _forget_place(buyer: Buyer) -> None:
    """Whoever was admitted, expired or gone stands at the end of the line the next time."""
    buyer.number = None
    buyer.position = None


def _event(buyer: Buyer) -> str:
    return buyer.world.house.event_id


async def _sold_out_while_waiting(buyer: Buyer, standing: Mapping[str, Any]) -> bool:
    """Wait as long as one is told to, unless everything is sold before."""
    exhausted = buyer.world.watch.exhausted
    pause_seconds = max(POLL_SECONDS_MIN, float(standing["poll_after_seconds"]))
    pause_seconds *= buyer.rng.uniform(1.0, 1.2)
    if exhausted.is_set():
        return True
    try:
        async with asyncio.timeout(pause_seconds):
            await exhausted.wait()
    except TimeoutError:
        return False
    # Not everybody notices at the same moment.
    await asyncio.sleep(buyer.rng.uniform(0, 2 * buyer.world.plan.look_interval_seconds))
    return True


async def _read(buyer: Buyer, standing: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keep the receipt, and hold the answer against what was promised before."""
    buyer.receipt = standing.get("receipt") or buyer.receipt
    # While a draw is awaited there is no position, and the number is none of the draw's yet.
    if standing["state"] != "waiting" or standing["position"] is None:
        return standing
    number, position = standing["number"], standing["position"]
    before_number, before_position, before_epoch = buyer.number, buyer.position, buyer.epoch
    buyer.number, buyer.position = number, position
    buyer.epoch = buyer.world.watch.board.get("epoch")
    ledger = buyer.world.ledger
    owner = ledger.numbers.setdefault(number, buyer.index)
    ledger.watch(
        NUMBER_PROMISE, owner == buyer.index, f"{number} for buyers {owner} and {buyer.index}"
    )
    moved_back = before_position is not None and position is not None and position > before_position
    kept = not moved_back and before_number in (None, number)
    if not kept:
        # The board is up to two looks old: let it say first whether another epoch has begun.
        await asyncio.sleep(2 * buyer.world.plan.look_interval_seconds)
        buyer.epoch = buyer.world.watch.board.get("epoch")
        kept = buyer.epoch != before_epoch
    was = f"number {before_number} position {before_position}"
    ledger.watch(PLACE_PROMISE, kept, f"buyer {buyer.index}: {was} → {number}, {position}")
    return standing
