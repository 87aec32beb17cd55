"""What the buyers themselves were told: their purchases, and everything told that contradicts."""

from collections import Counter
from dataclasses import dataclass, field

EXAMPLES_MAX = 20


@dataclass(frozen=True, slots=True)
class Item:
    seat_id: str | None
    tier_id: str
    unit_price: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Charge:
    """One payment as GET /payments/{id} last told it; amounts in minor units."""

    payment_id: str
    status: str
    amount: int


@dataclass(frozen=True, slots=True)
class Ticket:
    code: str
    seat_id: str | None
    tier_id: str
    status: str


@dataclass(slots=True)
class Purchase:
    """One reservation of one buyer, as the answers to that buyer built it up."""

    buyer: int
    reservation_id: str
    items: tuple[Item, ...]
    amount: int
    status: str
    charges: dict[str, Charge] = field(default_factory=dict)
    tickets: tuple[Ticket, ...] = ()

    @property
    def places(self) -> int:
        return sum(item.quantity for item in self.items)


@dataclass(slots=True)
class Ledger:
    """Every purchase by reservation; ``numbers`` says which buyer was given which number.

    ``observed`` counts how often a promise was looked at, ``broken`` how often it was not kept.
    """

    purchases: dict[str, Purchase] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    observed: Counter[str] = field(default_factory=Counter)
    numbers: dict[int, int] = field(default_factory=dict)
    kept_seats: set[str] = field(default_factory=set)
    inside: int = 0
    inside_max: int = 0

    def record(self, purchase: Purchase) -> None:
        self.purchases[purchase.reservation_id] = purchase

    def break_promise(self, promise: str, example: str) -> None:
        """Note that a promise was seen broken."""
        self.broken[promise] += 1
        shown = self.examples.setdefault(promise, [])
        if len(shown) < EXAMPLES_MAX:
            shown.append(example)

    def watch(self, promise: str, kept: bool, example: str) -> None:
        """Count one observation of a promise, and note it where it was broken."""
        self.observed[promise] += 1
        if not kept:
            self.break_promise(promise, example)

    def keep_for_good(self, purchase: Purchase) -> None:
        """Note seats whose buyer will not give them back."""
        self.kept_seats |= {item.seat_id for item in purchase.items if item.seat_id}

    def owns_for_good(self, seat_id: str) -> bool:
        """Whether the seat is surely sold for the rest of the simulation."""
        return seat_id in self.kept_seats

    def enter(self) -> None:
        """Somebody learnt that they are admitted."""
        self.inside += 1
        self.inside_max = max(self.inside_max, self.inside)

    def leave(self) -> None:
        """Somebody is about to give their place up, or it has lapsed.

        Counted before the server can know, as entering is counted after: so ``inside`` is never
        more than the server's own count, and over the capacity it proves a fault.
        """
        self.inside -= 1

    @property
    def seats_bought(self) -> int:
        return sum(p.places for p in self.purchases.values() if p.status == "confirmed")
