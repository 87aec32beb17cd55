"""The promises, held against the buyers' own ledger and against what everybody can see."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tiketi.cli.simulate.house import AVAILABLE, HELD, SOLD, Snapshot
from tiketi.cli.simulate.ledger import Ledger, Purchase

EXAMPLES_MAX = 20
PAID = ("succeeded", "partially_refunded")


@dataclass(frozen=True, slots=True)
class Check:
    """One promise: how often it could be seen, how often it was broken, and some of those."""

    name: str
    looked_at: int
    violations: int
    examples: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        return self.violations == 0


@dataclass(frozen=True, slots=True)
class Final:
    """What is known once everybody has gone.

    ``admin_reservations`` are id → status as the admin reads them, None where that was not asked.
    """

    snapshot: Snapshot
    seats_per_user: int
    capacity: int | None
    sold_out_told: int
    still_waiting: int
    admin_reservations: Mapping[str, str] | None = None


def check_all(ledger: Ledger, final: Final) -> list[Check]:
    """Every check over the ledger, then the promises watched on the way."""
    purchases = list(ledger.purchases.values())
    checks = [
        _check("no seat has two valid tickets", *seats_sold_twice(purchases)),
        _check("no ticket code is given twice", *codes_given_twice(purchases)),
        _check("every confirmed item has its ticket", *items_without_ticket(purchases)),
        _check("nothing unconfirmed has a valid ticket", *tickets_without_sale(purchases)),
        _check("no money without tickets or a full refund", *money_without_tickets(purchases)),
        _check("no tickets without money", *tickets_without_money(purchases)),
        _check("nobody is charged twice", *charged_twice(purchases)),
        _check("a charge is the sum of the prices", *charged_wrongly(purchases)),
        _check("nobody has more than the limit", *over_limit(purchases, final.seats_per_user)),
        _check("the map shows sold what was sold", *map_differs(purchases, final.snapshot)),
        _check("sold out is said only when it is so", *sold_out_too_early(final)),
        _check("the line ends", final.still_waiting + 1, _people_left(final)),
    ]
    if final.capacity is not None:
        checks.append(_check("never more passes than the capacity", *over_capacity(ledger, final)))
    if final.admin_reservations is not None:
        known = final.admin_reservations
        checks.append(_check("buyers and admin read the same", *books_differ(purchases, known)))
    for promise, looked_at in sorted(ledger.observed.items()):
        examples = tuple(ledger.examples.get(promise, ()))
        checks.append(Check(promise, looked_at, ledger.broken[promise], examples))
    return checks


Found = tuple[int, list[str]]


def seats_sold_twice(purchases: Iterable[Purchase]) -> Found:
    owners = Counter(
        ticket.seat_id
        for purchase in purchases
        for ticket in purchase.tickets
        if ticket.status != "void" and ticket.seat_id is not None
    )
    return len(owners), [f"{seat}: {count} tickets" for seat, count in owners.items() if count > 1]


def codes_given_twice(purchases: Iterable[Purchase]) -> Found:
    codes = Counter(ticket.code for purchase in purchases for ticket in purchase.tickets)
    return len(codes), [f"{code}: {count} tickets" for code, count in codes.items() if count > 1]


def items_without_ticket(purchases: Iterable[Purchase]) -> Found:
    """A seat has one ticket with its name, a general place one ticket of its tier."""

    def differs(purchase: Purchase) -> str | None:
        due: Counter[tuple[str | None, str]] = Counter()
        for item in purchase.items:
            due[item.seat_id, item.tier_id] += item.quantity
        valid = [ticket for ticket in purchase.tickets if ticket.status != "void"]
        given = Counter((ticket.seat_id, ticket.tier_id) for ticket in valid)
        return None if due == given else f"{dict(due)} due, {dict(given)} given"

    return _each(_with_status(purchases, "confirmed"), differs)


def tickets_without_sale(purchases: Iterable[Purchase]) -> Found:
    def has_tickets(purchase: Purchase) -> str | None:
        valid = [ticket.code for ticket in purchase.tickets if ticket.status != "void"]
        return f"{purchase.status} with {len(valid)} valid tickets" if valid else None

    return _each((p for p in purchases if p.status != "confirmed"), has_tickets)


def money_without_tickets(purchases: Iterable[Purchase]) -> Found:
    def unreturned(purchase: Purchase) -> str | None:
        kept = [charge for charge in purchase.charges.values() if charge.status in PAID]
        lost = kept and purchase.status != "confirmed"
        return f"{purchase.status}, yet paid by {len(kept)}" if lost else None

    return _each((p for p in purchases if p.charges), unreturned)


def tickets_without_money(purchases: Iterable[Purchase]) -> Found:
    def unpaid(purchase: Purchase) -> str | None:
        paid = any(charge.status in PAID for charge in purchase.charges.values())
        return None if paid else "confirmed without a succeeded payment"

    return _each(_with_status(purchases, "confirmed"), unpaid)


def charged_twice(purchases: Iterable[Purchase]) -> Found:
    def twice(purchase: Purchase) -> str | None:
        paid = [charge for charge in purchase.charges.values() if charge.status in PAID]
        return f"{len(paid)} payments succeeded" if len(paid) > 1 else None

    return _each((p for p in purchases if p.charges), twice)


def charged_wrongly(purchases: Iterable[Purchase]) -> Found:
    def wrong(purchase: Purchase) -> str | None:
        due = sum(item.unit_price * item.quantity for item in purchase.items)
        asked = {purchase.amount, *(charge.amount for charge in purchase.charges.values())}
        return None if asked == {due} else f"{due} due, {sorted(asked)} asked"

    return _each(purchases, wrong)


def over_limit(purchases: Iterable[Purchase], seats_per_user: int) -> Found:
    places: Counter[int] = Counter()
    for purchase in purchases:
        if purchase.status in {"pending", "confirmed"}:
            places[purchase.buyer] += purchase.places
    over = [f"buyer {b} has {n}" for b, n in places.items() if n > seats_per_user]
    return len(places), over


def map_differs(purchases: Iterable[Purchase], snapshot: Snapshot) -> Found:
    """Whether the seats shown as sold are exactly those that buyers have."""
    bought = {item.seat_id for p in _with_status(purchases, "confirmed") for item in p.items} - {
        None
    }
    shown = {seat.id for seat in snapshot.house.seats if snapshot.states[seat.place] == SOLD}
    wrong = [f"{seat} is bought but not shown" for seat in sorted(map(str, bought - shown))]
    wrong += [f"{seat} is shown sold to nobody" for seat in sorted(shown - bought)]
    return len(snapshot.states), wrong


def sold_out_too_early(final: Final) -> Found:
    free = final.snapshot.count(AVAILABLE) + final.snapshot.count(HELD)
    wrong = final.sold_out_told and free
    return final.sold_out_told, [f"{free} seats were left"] if wrong else []


def over_capacity(ledger: Ledger, final: Final) -> Found:
    assert final.capacity is not None
    most = ledger.inside_max
    return most, [f"{most} at once of {final.capacity}"] if most > final.capacity else []


def books_differ(purchases: Iterable[Purchase], known: Mapping[str, str]) -> Found:
    """Whether buyers and admin read the same status of the same reservations."""
    told = {purchase.reservation_id: purchase.status for purchase in purchases}
    wrong = [
        f"{key}: {told.get(key)} to the buyer, {known.get(key)} to the admin"
        for key in sorted(told.keys() | known.keys())
        if told.get(key) != known.get(key)
    ]
    return len(told.keys() | known.keys()), wrong


def _people_left(final: Final) -> list[str]:
    left = final.still_waiting
    return [f"{left} still there at the time limit"] if left else []


def _with_status(purchases: Iterable[Purchase], status: str) -> Iterable[Purchase]:
    return (purchase for purchase in purchases if purchase.status == status)


def _each(purchases: Iterable[Purchase], judge: Callable[[Purchase], str | None]) -> Found:
    looked_at, wrong = 0, []
    for purchase in purchases:
        looked_at += 1
        if flaw := judge(purchase):
            wrong.append(f"{purchase.reservation_id}: {flaw}")
    return looked_at, wrong


def _check(name: str, looked_at: int, wrong: list[str]) -> Check:
    return Check(name, looked_at, len(wrong), tuple(wrong[:EXAMPLES_MAX]))
