"""Orders and holds: asking for seats, writing down what was granted, giving it back."""

from collections.abc import Sequence

from tiketi.cli.simulate.buyer import Buyer
from tiketi.cli.simulate.house import Seat
from tiketi.cli.simulate.ledger import Item, Purchase
from tiketi.cli.simulate.wire import Answer

# The second comes to those who were let in before the opening, where there is no queue.
REFUSALS = ("seat_taken", "sale_not_open")
PRICE_PROMISE = "an amount is the sum of its prices"
BEST_PROMISE = "best available gives what was asked for"


async def reserve(
    buyer: Buyer, seats: Sequence[Seat], *, lock_id: str | None = None, key: str = ""
) -> Answer:
    """POST /reservations for those seats."""
    return await buyer.call(
        "reserve",
        "POST",
        "/reservations",
        json=order_of(buyer, seats, lock_id),
        key=key or buyer.new_key(),
        foreseen={*REFUSALS, "lock_lost", "limit_exceeded"},
    )


async def reserve_best(buyer: Buyer, quantity: int) -> Answer:
    """POST /reservations/best-available: let the system choose."""
    return await buyer.call(
        "best available",
        "POST",
        "/reservations/best-available",
        json={"event_id": buyer.world.house.event_id, "quantity": quantity},
        key=buyer.new_key(),
        foreseen={"no_seats_together", "sold_out", "sale_not_open", "limit_exceeded"},
    )


def order_of(buyer: Buyer, seats: Sequence[Seat], lock_id: str | None = None) -> dict[str, object]:
    """The body that asks for those seats."""
    body: dict[str, object] = {
        "event_id": buyer.world.house.event_id,
        "seat_ids": [seat.id for seat in seats],
    }
    return body if lock_id is None else {**body, "lock_id": lock_id}


async def cancel(buyer: Buyer, purchase: Purchase) -> bool:
    """Give the reservation back. False when it had expired before."""
    answer = await buyer.call(
        "cancel",
        "POST",
        f"/reservations/{purchase.reservation_id}/cancel",
        foreseen={"reservation_expired"},
    )
    purchase.status = answer.json()["status"] if answer.ok else "expired"
    return answer.ok


def record_hold(buyer: Buyer, answer: Answer, seats: Sequence[Seat]) -> Purchase:
    """The granted reservation, in the ledger; it must be for those seats at their prices."""
    reservation = answer.json()
    purchase = Purchase(
        buyer=buyer.index,
        reservation_id=reservation["id"],
        items=tuple(
            Item(item["seat_id"], item["tier_id"], item["unit_price"], item["quantity"])
            for item in reservation["items"]
        ),
        amount=reservation["amount"],
        status=reservation["status"],
    )
    asked = sum(seat.price for seat in seats)
    same = {item.seat_id for item in purchase.items} == {seat.id for seat in seats}
    buyer.world.ledger.watch(
        PRICE_PROMISE,
        same and purchase.amount == asked,
        f"{purchase.reservation_id}: {purchase.amount} for seats of {asked}",
    )
    buyer.world.ledger.record(purchase)
    buyer.stage = "holding"
    return purchase


def record_best(buyer: Buyer, answer: Answer, quantity: int) -> Purchase:
    """The same for seats that the system chose."""
    house = buyer.world.house
    ids = [item["seat_id"] for item in answer.json()["items"]]
    buyer.world.ledger.watch(BEST_PROMISE, len(ids) == quantity, f"asked {quantity}, got {ids}")
    return record_hold(buyer, answer, [house.seats[house.places[seat_id]] for seat_id in ids])
