"""Each check passes an honest ledger and catches the violation planted in it."""

from collections.abc import Callable

import pytest

from tests.unit.cli.simulate.houses import snapshot
from tiketi.cli.simulate.checks import Check, Final, check_all
from tiketi.cli.simulate.house import Snapshot
from tiketi.cli.simulate.ledger import Charge, Item, Ledger, Purchase, Ticket


def bought(buyer: int, seat: str, price: int = 300) -> Purchase:
    key = f"r{buyer}"
    return Purchase(
        buyer=buyer,
        reservation_id=key,
        items=(Item(seat, "t1", price, 1),),
        amount=price,
        status="confirmed",
        charges={f"p{buyer}": Charge(f"p{buyer}", "succeeded", price)},
        tickets=(Ticket(f"code-{buyer}", seat, "t1", "valid"),),
    )


def honest() -> Ledger:
    """Two confirmed, one cancelled before paying, one refunded."""
    ledger = Ledger()
    ledger.record(bought(1, "VIP-1-1"))
    ledger.record(bought(2, "VIP-1-2"))
    cancelled = bought(3, "VIP-1-3")
    cancelled.status, cancelled.charges, cancelled.tickets = "cancelled", {}, ()
    ledger.record(cancelled)
    refunded = bought(4, "VIP-1-3")
    refunded.status = "refunded"
    refunded.charges = {"p4": Charge("p4", "refunded", 300)}
    refunded.tickets = (Ticket("code-4", "VIP-1-3", "t1", "void"),)
    ledger.record(refunded)
    ledger.watch("no lie is believed", True, "")
    ledger.inside_max = 2
    return ledger


def checks(
    ledger: Ledger,
    *,
    seen: Snapshot | None = None,
    told: int = 0,
    waiting: int = 0,
    books: dict[str, str] | None = None,
) -> dict[str, Check]:
    status = {purchase.reservation_id: purchase.status for purchase in ledger.purchases.values()}
    final = Final(
        snapshot=seen or snapshot("ssaaaaaa", "aaaa"),
        seats_per_user=2,
        capacity=3,
        sold_out_told=told,
        still_waiting=waiting,
        admin_reservations=status if books is None else books,
    )
    return {check.name: check for check in check_all(ledger, final)}


def broken(found: dict[str, Check]) -> set[str]:
    return {name for name, check in found.items() if not check.kept}


def test_an_honest_ledger_breaks_nothing() -> None:
    assert broken(checks(honest())) == set()


def same_seat(ledger: Ledger) -> None:
    ledger.record(bought(5, "VIP-1-1"))


def same_code(ledger: Ledger) -> None:
    ledger.purchases["r2"].tickets = (Ticket("code-1", "VIP-1-2", "t1", "valid"),)


def ticket_missing(ledger: Ledger) -> None:
    ledger.purchases["r1"].tickets = ()


def ticket_for_another_seat(ledger: Ledger) -> None:
    ledger.purchases["r1"].tickets = (Ticket("code-1", "VIP-2-4", "t1", "valid"),)


def ticket_after_refund(ledger: Ledger) -> None:
    ledger.purchases["r4"].tickets = (Ticket("code-4", "VIP-1-3", "t1", "valid"),)


def paid_but_expired(ledger: Ledger) -> None:
    late = bought(3, "VIP-1-3")
    late.status, late.tickets = "expired", ()
    ledger.record(late)


def refunded_in_part(ledger: Ledger) -> None:
    ledger.purchases["r4"].charges = {"p4": Charge("p4", "partially_refunded", 300)}


def never_paid(ledger: Ledger) -> None:
    ledger.purchases["r1"].charges = {"p1": Charge("p1", "failed", 300)}


def paid_twice(ledger: Ledger) -> None:
    ledger.purchases["r1"].charges["p9"] = Charge("p9", "succeeded", 300)


def charged_too_much(ledger: Ledger) -> None:
    ledger.purchases["r1"].charges = {"p1": Charge("p1", "succeeded", 301)}


def amount_not_the_sum(ledger: Ledger) -> None:
    ledger.purchases["r1"].amount = 299


def too_many_seats(ledger: Ledger) -> None:
    one = ledger.purchases["r1"]
    one.items = tuple(Item(f"VIP-2-{n}", "t1", 100, 1) for n in (1, 2, 3))


def too_many_inside(ledger: Ledger) -> None:
    for _ in range(4):
        ledger.enter()


def believed_lie(ledger: Ledger) -> None:
    ledger.watch("no lie is believed", False, "no pass: 201")


@pytest.mark.parametrize(
    ("plant", "caught_by"),
    [
        (same_seat, "no seat has two valid tickets"),
        (same_code, "no ticket code is given twice"),
        (ticket_missing, "every confirmed item has its ticket"),
        (ticket_for_another_seat, "every confirmed item has its ticket"),
        (ticket_after_refund, "nothing unconfirmed has a valid ticket"),
        (paid_but_expired, "no money without tickets or a full refund"),
        (refunded_in_part, "no money without tickets or a full refund"),
        (never_paid, "no tickets without money"),
        (paid_twice, "nobody is charged twice"),
        (charged_too_much, "a charge is the sum of the prices"),
        (amount_not_the_sum, "a charge is the sum of the prices"),
        (too_many_seats, "nobody has more than the limit"),
        (too_many_inside, "never more passes than the capacity"),
        (believed_lie, "no lie is believed"),
    ],
)
def test_a_planted_violation_is_caught(plant: Callable[[Ledger], None], caught_by: str) -> None:
    ledger = honest()
    plant(ledger)
    found = checks(ledger)[caught_by]
    assert found.violations == 1
    assert found.examples


@pytest.mark.parametrize("vip", ["asaaaaaa", "sssaaaaa", "shaaaaaa"])
def test_a_map_that_differs_from_the_sales_is_caught(vip: str) -> None:
    name = "the map shows sold what was sold"
    assert broken(checks(honest(), seen=snapshot(vip, "aaaa"))) == {name}


def test_sold_out_said_too_early_is_caught() -> None:
    assert broken(checks(honest(), told=7)) == {"sold out is said only when it is so"}


def test_sold_out_said_in_time_is_right() -> None:
    full = Ledger()
    full.record(bought(1, "VIP-1-1"))
    found = checks(full, told=7, seen=snapshot("sbbbbbbb", "bbbb"))
    assert "sold out is said only when it is so" not in broken(found)


def test_people_left_in_the_line_are_caught() -> None:
    assert broken(checks(honest(), waiting=1)) == {"the line ends"}


@pytest.mark.parametrize(
    "books",
    [
        {"r1": "confirmed", "r2": "confirmed", "r3": "cancelled"},
        {"r1": "confirmed", "r2": "pending", "r3": "cancelled", "r4": "refunded"},
        {"r1": "confirmed", "r2": "confirmed", "r3": "cancelled", "r4": "refunded", "r5": "x"},
    ],
)
def test_books_that_differ_are_caught(books: dict[str, str]) -> None:
    assert broken(checks(honest(), books=books)) == {"buyers and admin read the same"}


def test_examples_are_bounded_and_the_count_is_not() -> None:
    ledger = Ledger()
    for buyer in range(100):
        ledger.record(bought(buyer, "VIP-1-1"))
        ledger.watch("kept", False, "not")
    found = checks(ledger)
    assert found["kept"].violations == found["buyers and admin read the same"].looked_at == 100
    assert len(found["kept"].examples) == 20
