"""Choosing, locking and reserving seats, with others at the same ones."""

import asyncio
from collections.abc import Sequence

from tiketi.cli.simulate.buyer import Buyer
from tiketi.cli.simulate.choice import choose_seats
from tiketi.cli.simulate.holding import (
    REFUSALS,
    cancel,
    order_of,
    record_best,
    record_hold,
    reserve,
    reserve_best,
)
from tiketi.cli.simulate.house import Seat
from tiketi.cli.simulate.ledger import Purchase
from tiketi.cli.simulate.wire import Answer

# After so many refusals in a row one looks at the map again before trying further.
REFUSALS_BEFORE_LOOKING = 3
PAUSE_MAX_SECONDS = 3.0
GRABS = 3
TAKEN_PROMISE = "seat_taken names the seats that are"
REPLAY_PROMISE = "a repeated request is answered byte for byte"
LIMIT_PROMISE = "nobody gets more than the limit"


async def hold_seats(buyer: Buyer, *, drop_lock: bool = False) -> Purchase | None:
    """A pending reservation; None when everything is sold, or the lock was dropped.

    Raises PassLost when the pass ran out on the way.
    """
    buyer.stage = "choosing"
    watch = buyer.world.watch
    avoid: set[int] = set()
    refusals = 0
    snapshot = watch.snapshot
    while not watch.exhausted.is_set():
        if snapshot is not watch.snapshot:
            snapshot = watch.snapshot
            avoid.clear()
        temper = buyer.temper
        seats = choose_seats(
            snapshot, taste=temper.taste, party=temper.party, avoid=avoid, rng=buyer.rng
        )
        if not seats:
            await _look_again(buyer)
            continue
        answer = await _try(buyer, seats, drop_lock=drop_lock)
        if answer is None:
            return None
        if answer.ok:
            return record_hold(buyer, answer, seats)
        if answer.code == "seat_taken":
            avoid |= _taken(buyer, answer, seats)
        refusals += 1
        if refusals % REFUSALS_BEFORE_LOOKING == 0:
            await _look_again(buyer)
        else:
            pause_seconds = min(PAUSE_MAX_SECONDS, 0.1 * refusals)
            await buyer.world.caller.sleep(buyer.rng.uniform(0, pause_seconds))
    return None


async def ask_for_best(buyer: Buyer) -> Purchase | None:
    """A pending reservation of whatever the system finds best; None when everything is sold.

    Where there are not as many together, fewer will do. Raises PassLost.
    """
    buyer.stage = "choosing"
    quantity = buyer.temper.party
    while not buyer.world.watch.exhausted.is_set():
        answer = await reserve_best(buyer, quantity)
        if answer.ok:
            return record_best(buyer, answer, quantity)
        if quantity > 1:
            quantity -= 1
        else:
            await _look_again(buyer)
    return None


async def grab_seats(buyer: Buyer) -> Purchase | None:
    """Several orders at once, more than one person may have: keep the first that is granted."""
    buyer.stage = "choosing"
    world = buyer.world
    orders = [
        choose_seats(
            world.watch.snapshot,
            taste=buyer.temper.taste,
            party=world.plan.seats_per_order,
            avoid=(),
            rng=buyer.rng,
        )
        for _ in range(GRABS)
    ]
    answers = await asyncio.gather(*(reserve(buyer, seats) for seats in orders if seats))
    # Two orders of the same seats are one reservation, given twice.
    held = {
        answer.json()["id"]: (answer, seats)
        for answer, seats in zip(answers, (seats for seats in orders if seats), strict=True)
        if answer.ok
    }
    granted = [record_hold(buyer, answer, seats) for answer, seats in held.values()]
    places = sum(purchase.places for purchase in granted)
    kept = places <= world.plan.seats_per_order
    world.ledger.watch(LIMIT_PROMISE, kept, f"buyer {buyer.index} holds {places}")
    for surplus in granted[1:]:
        await cancel(buyer, surplus)
    return granted[0] if granted else None


async def _try(buyer: Buyer, seats: Sequence[Seat], *, drop_lock: bool) -> Answer | None:
    """Lock, then reserve. None when the lock was all that was wanted."""
    lock_id = None
    if drop_lock or buyer.temper.locks_first:
        locked = await buyer.call(
            "lock",
            "POST",
            "/reservations/locks",
            json=order_of(buyer, seats),
            foreseen=REFUSALS,
        )
        if drop_lock and locked.ok:
            return None
        if not locked.ok:
            return locked
        lock_id = locked.json()["lock_id"]
        if buyer.temper.repeats:
            path = f"/reservations/locks/{lock_id}"
            await buyer.call("renew lock", "PUT", path, foreseen={"lock_lost"})
    if buyer.temper.repeats:
        return await _reserve_again_and_again(buyer, seats, lock_id)
    return await reserve(buyer, seats, lock_id=lock_id)


async def _reserve_again_and_again(
    buyer: Buyer, seats: Sequence[Seat], lock_id: str | None
) -> Answer:
    """The same key and body twice, then the key with another body. The answer that stands."""
    key = buyer.new_key()
    missed = buyer.world.stats.unavailable.total()
    first = await reserve(buyer, seats, lock_id=lock_id, key=key)
    second = await reserve(buyer, seats, lock_id=lock_id, key=key)
    same = (second.status, second.body) == (first.status, first.body)
    same = same and second.headers.get("idempotent-replayed") == "true"
    # A refusal changes nothing: it may be forgotten by a store that dies in the same moment.
    if first.ok or missed == buyer.world.stats.unavailable.total():
        example = f"reserve {first.status} {first.code} → {second.status} {second.code}"
        buyer.world.ledger.watch(REPLAY_PROMISE, same, example)
    if not same:
        return first if first.ok else second
    await buyer.call(
        "reuse key",
        "POST",
        "/reservations",
        json={**order_of(buyer, seats, lock_id), "seat_ids": [_another_seat(buyer, seats)]},
        key=key,
        foreseen={"idempotency_key_reused"},
    )
    return first


def _another_seat(buyer: Buyer, seats: Sequence[Seat]) -> str:
    """A seat's id that alone is not what was asked for."""
    house = buyer.world.house.seats
    return house[0].id if seats[0].place else house[-1].id


async def _look_again(buyer: Buyer) -> None:
    """Wait for the next availability, which the deadline bounds."""
    await buyer.world.caller.within_deadline(buyer.world.watch.next_snapshot())
    # A thousand people do not click in the same millisecond.
    await buyer.world.caller.sleep(buyer.rng.uniform(0, buyer.world.plan.look_interval_seconds / 2))


def _taken(buyer: Buyer, answer: Answer, seats: Sequence[Seat]) -> set[int]:
    """The places that the refusal names, or all that were asked for."""
    asked = {seat.id for seat in seats}
    named = set(answer.json().get("seat_ids") or ())
    kept = bool(named) and named <= asked
    buyer.world.ledger.watch(TAKEN_PROMISE, kept, f"asked {asked}, named {named}")
    return {seat.place for seat in seats if seat.id in (named or asked)}
