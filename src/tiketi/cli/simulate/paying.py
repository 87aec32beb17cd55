"""Paying for a hold, through declined cards and late webhooks, until the tickets are there."""

import asyncio
from collections.abc import Mapping
from typing import Any

from tiketi.cli.simulate.buyer import Buyer
from tiketi.cli.simulate.ledger import Charge, Item, Purchase, Ticket

POLL_SECONDS = 1.0
# A good card too may fail while the provider or a store is away.
LAST_CARD_AGAIN = 3
PENDING_PAYMENT = ("requires_action", "processing")
# A hold that is over cannot be paid: the answer says which way it ended.
HOLD_OVER = ("reservation_expired", "reservation_cancelled", "reservation_confirmed")
ONE_PAYMENT_PROMISE = "one live payment a reservation"
STANDS_PROMISE = "a succeeded payment stands"


async def pay(buyer: Buyer, purchase: Purchase) -> bool:
    """Try the buyer's cards in turn, the last one again. True when the reservation is confirmed."""
    buyer.stage = "paying"
    cards = buyer.temper.cards
    for card in (*cards, *cards[-1:] * LAST_CARD_AGAIN):
        charge = await _start(buyer, purchase)
        if charge is None:
            break
        buyer.step_out()  # a success frees the place inside before its answer is here
        charge = await _confirm(buyer, purchase, charge, card)
        if charge.status == "succeeded":
            break
    return await settle(buyer, purchase) == "confirmed"


async def settle(buyer: Buyer, purchase: Purchase) -> str:
    """Read the reservation until what was paid for shows; fetch its tickets. Its status."""
    paid = any(charge.status == "succeeded" for charge in purchase.charges.values())
    while True:
        reservation = await read_reservation(buyer, purchase)
        if not paid or reservation["status"] != "pending":
            break
        await buyer.world.caller.sleep(POLL_SECONDS)
    if purchase.status == "confirmed":
        await fetch_tickets(buyer, purchase)
    return purchase.status


async def read_reservation(
    buyer: Buyer, purchase: Purchase, *, step: str = "reservation"
) -> Mapping[str, Any]:
    """The reservation as it is now, also into the purchase."""
    answer = await buyer.call(step, "GET", f"/reservations/{purchase.reservation_id}")
    reservation: Mapping[str, Any] = answer.json()
    purchase.status = reservation["status"]
    purchase.amount = reservation["amount"]
    purchase.items = tuple(
        Item(item["seat_id"], item["tier_id"], item["unit_price"], item["quantity"])
        for item in reservation["items"]
    )
    return reservation


async def fetch_tickets(buyer: Buyer, purchase: Purchase, *, step: str = "tickets") -> None:
    """The tickets, as they are now; none before the confirmation."""
    answer = await buyer.call(
        step,
        "GET",
        f"/reservations/{purchase.reservation_id}/tickets",
        foreseen={"not_confirmed"},
    )
    items = answer.json()["items"] if answer.ok else ()
    purchase.tickets = tuple(
        Ticket(item["code"], item["seat_id"], item["tier_id"], item["status"]) for item in items
    )


async def read_charges(buyer: Buyer, purchase: Purchase, *, step: str = "payment") -> None:
    """Every payment of the purchase, as it is now."""
    for payment_id in purchase.charges:
        await _read_payment(buyer, purchase, payment_id, step=step)


async def _start(buyer: Buyer, purchase: Purchase) -> Charge | None:
    """A payment for the hold; None when the hold is over."""
    body = {"reservation_id": purchase.reservation_id}
    times = 2 if buyer.temper.pays_twice else 1
    answers = await asyncio.gather(
        *(
            buyer.call(
                "pay", "POST", "/payments", json=body, key=buyer.new_key(), foreseen=HOLD_OVER
            )
            for _ in range(times)
        )
    )
    started = [_charge(answer.json()) for answer in answers if answer.ok]
    ids = {charge.payment_id for charge in started}
    if times > 1:
        buyer.world.ledger.watch(ONE_PAYMENT_PROMISE, len(ids) <= 1, f"{sorted(ids)}")
    for charge in started:
        purchase.charges[charge.payment_id] = charge
    return started[0] if started else None


async def _confirm(buyer: Buyer, purchase: Purchase, charge: Charge, card: str) -> Charge:
    """Confirm with the card and wait until the payment is decided."""
    path = f"/payments/{charge.payment_id}/confirm"
    body = {"card": {"number": card}}
    answer = await buyer.call("confirm", "POST", path, json=body, foreseen={"payment_final"})
    if answer.ok:
        charge = _keep(purchase, answer.json())
    if charge.status == "succeeded" and buyer.temper.pays_twice:
        again = await buyer.call("confirm", "POST", path, json=body)
        charge = _keep(purchase, again.json())
        kept = charge.status == "succeeded"
        buyer.world.ledger.watch(STANDS_PROMISE, kept, f"{charge.payment_id}: {charge.status}")
    while charge.status in PENDING_PAYMENT:
        await buyer.world.caller.sleep(POLL_SECONDS * buyer.rng.uniform(0.8, 1.2))
        charge = await _read_payment(buyer, purchase, charge.payment_id)
    return charge


async def _read_payment(
    buyer: Buyer, purchase: Purchase, payment_id: str, *, step: str = "payment"
) -> Charge:
    answer = await buyer.call(step, "GET", f"/payments/{payment_id}")
    return _keep(purchase, answer.json())


def _keep(purchase: Purchase, payment: Mapping[str, Any]) -> Charge:
    charge = _charge(payment)
    purchase.charges[charge.payment_id] = charge
    return charge


def _charge(payment: Mapping[str, Any]) -> Charge:
    return Charge(str(payment["id"]), payment["status"], payment["amount"])
