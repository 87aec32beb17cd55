"""One buyer's way through the on-sale, from arriving to tickets or to giving up."""

import traceback

from tiketi.cli.simulate.buyer import Buyer, PassLost
from tiketi.cli.simulate.calls import OutOfTime, Unforeseen
from tiketi.cli.simulate.holding import cancel
from tiketi.cli.simulate.ledger import Purchase
from tiketi.cli.simulate.lying import tell_lies
from tiketi.cli.simulate.paying import pay, read_charges, read_reservation, settle
from tiketi.cli.simulate.shopping import ask_for_best, grab_seats, hold_seats
from tiketi.cli.simulate.temper import Ending
from tiketi.cli.simulate.waiting import get_admitted, join, leave

POLL_SECONDS = 1.0
# Somebody gives tickets back only while most of the house is still for sale, so that those who
# left because everything was sold left for good reason.
REFUND_SOLD_SHARE_MAX = 0.5
BOUGHT = "bought"
SOLD_OUT = "left, sold out"
OUT_OF_TIME = "still there at the time limit"
TURNED_AWAY = "met a fault"
RETURNED_PROMISE = "a full refund for tickets given back"
LAPSE_PROMISE = "an unpaid hold lapses"


async def go_through(buyer: Buyer) -> None:
    """The whole journey; its outcome goes into the ledger."""
    try:
        outcome = await _journey(buyer)
    except OutOfTime:
        outcome = OUT_OF_TIME
    except Unforeseen:
        outcome = TURNED_AWAY
    except (LookupError, TypeError, ValueError, AttributeError) as flaw:
        # A field that the contract promises is missing, or is something else.
        where = traceback.extract_tb(flaw.__traceback__)[-1]
        example = f"{flaw!r} in {where.name}, line {where.lineno}"
        buyer.world.stats.fault("answer not as documented", example)
        outcome = TURNED_AWAY
    buyer.step_out()
    buyer.stage = ""
    buyer.world.ledger.outcomes[outcome] += 1


async def _journey(buyer: Buyer) -> str:
    ending = buyer.temper.ending
    if ending is Ending.NO_SHOW:
        await join(buyer)
        return str(ending)
    told_lies = not buyer.temper.lies
    while True:
        if not await get_admitted(buyer):
            return SOLD_OUT
        try:
            if not told_lies:
                told_lies = True
                await tell_lies(buyer)
            outcome = await _shop(buyer, ending)
        except PassLost:
            buyer.pass_ = ""
            continue
        if outcome != BOUGHT:
            await leave(buyer)
        return outcome


async def _shop(buyer: Buyer, ending: Ending) -> str:
    """What happens inside. Raises PassLost when the pass ran out before there was a hold."""
    if ending is Ending.DROP_LOCK:
        await hold_seats(buyer, drop_lock=True)
        return str(ending)
    purchase = await grab_seats(buyer) if buyer.temper.grabs else None
    purchase = purchase or await _get_hold(buyer)
    if purchase is None:
        return SOLD_OUT
    if ending in (Ending.CANCEL, Ending.REBUY):
        await cancel(buyer, purchase)
        if ending is Ending.CANCEL:
            return str(ending)
        purchase = await _get_hold(buyer)
        if purchase is None:
            return SOLD_OUT
    if ending is Ending.EXPIRE:
        return await _let_expire(buyer, purchase)
    return await _buy(buyer, purchase, ending)


async def _get_hold(buyer: Buyer) -> Purchase | None:
    """A hold on seats, chosen by the buyer or by the system; None when everything is sold."""
    if buyer.temper.asks_best:
        return await ask_for_best(buyer)
    return await hold_seats(buyer)


async def _buy(buyer: Buyer, purchase: Purchase, ending: Ending) -> str:
    world = buyer.world
    world.loot.take(buyer.index, buyer.pass_, purchase.reservation_id)
    if not await pay(buyer, purchase):
        if purchase.status == "pending":
            await cancel(buyer, purchase)
        return f"not paid, {purchase.status}"
    if ending is Ending.REFUND and _much_is_left(buyer):
        await _give_back(buyer, purchase)
        return str(ending)
    world.ledger.keep_for_good(purchase)
    return BOUGHT


def _much_is_left(buyer: Buyer) -> bool:
    bought = buyer.world.ledger.seats_bought
    return bought < len(buyer.world.house.seats) * REFUND_SOLD_SHARE_MAX


async def _give_back(buyer: Buyer, purchase: Purchase) -> None:
    """Cancel what was paid for: the money returns in full, the tickets are void."""
    buyer.stage = "refunding"
    path = f"/reservations/{purchase.reservation_id}/cancel"
    await buyer.call("refund", "POST", path)
    while True:
        await read_reservation(buyer, purchase)
        await read_charges(buyer, purchase)
        statuses = {charge.status for charge in purchase.charges.values()}
        if purchase.status == "refunded" and "succeeded" not in statuses:
            break
        await buyer.world.caller.sleep(POLL_SECONDS)
    kept = "refunded" in statuses and "partially_refunded" not in statuses
    example = f"{purchase.reservation_id}: {sorted(statuses)}"
    buyer.world.ledger.watch(RETURNED_PROMISE, kept, example)
    await settle(buyer, purchase)


async def _let_expire(buyer: Buyer, purchase: Purchase) -> str:
    buyer.stage = "idling"
    while purchase.status == "pending":
        await buyer.world.caller.sleep(POLL_SECONDS)
        await read_reservation(buyer, purchase)
    kept = purchase.status == "expired"
    example = f"{purchase.reservation_id}: {purchase.status}"
    buyer.world.ledger.watch(LAPSE_PROMISE, kept, example)
    return str(Ending.EXPIRE)
