"""Asking for what is not one's own: each lie, and the refusal that the contract names for it."""

from collections.abc import Awaitable, Callable

from tiketi.cli.simulate.buyer import Buyer
from tiketi.cli.simulate.choice import choose_seats
from tiketi.cli.simulate.holding import order_of
from tiketi.cli.simulate.house import SOLD, Seat, Taste
from tiketi.cli.simulate.wire import Answer

LIE_PROMISE = "no lie is believed"
Lie = Callable[[Buyer], Awaitable[None]]


async def tell_lies(buyer: Buyer) -> None:
    """Everything that this buyer can try now. Raises nothing of the lies' own."""
    for lie in (_no_pass, _stolen_pass, _sold_seats, _too_many, _anothers_reservation):
        await lie(buyer)


async def _no_pass(buyer: Buyer) -> None:
    """Reserve without having been admitted."""
    if buyer.world.plan.queue:
        await _reserve(buyer, "no pass", _one(buyer), {"queue_pass_required"}, pass_="")


async def _stolen_pass(buyer: Buyer) -> None:
    """Reserve with the pass of somebody else, who was admitted."""
    loot = buyer.world.loot
    if buyer.world.plan.queue and loot.pass_ and loot.owner != buyer.index:
        codes = {"queue_pass_required"}
        await _reserve(buyer, "stolen pass", _one(buyer), codes, pass_=loot.pass_)


async def _sold_seats(buyer: Buyer) -> None:
    """Reserve a seat that the map shows as sold."""
    snapshot = buyer.world.watch.snapshot
    place = snapshot.states.find(SOLD)
    if place >= 0 and buyer.pass_:
        seat = snapshot.house.seats[place]
        owned = buyer.world.ledger.owns_for_good(seat.id)
        if owned:
            await _reserve(buyer, "sold seat", [seat], {"seat_taken"}, pass_=buyer.pass_)


async def _too_many(buyer: Buyer) -> None:
    """Reserve one more than an order may have."""
    seats = list(buyer.world.house.seats[: buyer.world.plan.seats_per_order + 1])
    if len(seats) > buyer.world.plan.seats_per_order and buyer.pass_:
        # Which of the two reasons comes first, the contract leaves open.
        codes = {"limit_exceeded", "seat_taken"}
        await _reserve(buyer, "too many", seats, codes, pass_=buyer.pass_)


async def _anothers_reservation(buyer: Buyer) -> None:
    """Read, cancel and pay what belongs to somebody else."""
    loot = buyer.world.loot
    if not loot.reservation_id or loot.owner == buyer.index:
        return
    path = f"/reservations/{loot.reservation_id}"
    _note(buyer, "another's", await _ask(buyer, "GET", path, {"not_found"}))
    _note(buyer, "another's", await _ask(buyer, "GET", f"{path}/tickets", {"not_found"}))
    _note(buyer, "another's", await _ask(buyer, "POST", f"{path}/cancel", {"not_found"}))
    payment = {"reservation_id": loot.reservation_id}
    _note(
        buyer,
        "another's",
        await _ask(buyer, "POST", "/payments", {"not_found"}, json=payment, key=buyer.new_key()),
    )


def _one(buyer: Buyer) -> list[Seat]:
    """A seat that is free, if any is: so that being taken is no reason to refuse it."""
    house = buyer.world.house
    free = choose_seats(
        buyer.world.watch.snapshot, taste=Taste.ANYWHERE, party=1, avoid=(), rng=buyer.rng
    )
    return free or list(house.seats[:1])


async def _reserve(
    buyer: Buyer, lie: str, seats: list[Seat], codes: set[str], *, pass_: str
) -> None:
    answer = await _ask(
        buyer,
        "POST",
        "/reservations",
        codes,
        json=order_of(buyer, seats),
        key=buyer.new_key(),
        pass_=pass_,
    )
    _note(buyer, lie, answer)
    if answer.ok:  # believed: do not let it block the sale as well
        await _ask(buyer, "POST", f"/reservations/{answer.json()['id']}/cancel", set())


async def _ask(
    buyer: Buyer,
    method: str,
    path: str,
    codes: set[str],
    *,
    json: object | None = None,
    key: str = "",
    pass_: str = "",
) -> Answer:
    """A call under no other pass than the one given."""
    headers = {"idempotency-key": key} if key else {}
    if pass_:
        headers["queue-pass"] = pass_
    # One's own pass may lapse, and the sale be not open yet: refusals for a reason of their own.
    return await buyer.world.caller.call(
        "lie",
        method,
        path,
        account=buyer.account,
        json=json,
        headers=headers,
        foreseen={*codes, "queue_pass_required", "sale_not_open"},
    )


def _note(buyer: Buyer, lie: str, answer: Answer) -> None:
    buyer.world.ledger.watch(LIE_PROMISE, not answer.ok, f"{lie}: {answer.status}")
