"""The closing report: what was sold, what was refused and why, how long it took, what held."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tiketi.cli.simulate.buyer import World
from tiketi.cli.simulate.checks import Check, Final, check_all
from tiketi.cli.simulate.faults import Kill
from tiketi.cli.simulate.ledger import Ledger
from tiketi.cli.simulate.plan import Plan
from tiketi.cli.simulate.stats import Gap, Latency, Stats


@dataclass(frozen=True, slots=True)
class Report:
    """``tiers`` is tier name → (seats, revenue in minor units); ``invariants`` the server's own."""

    plan: Plan
    event_id: str
    took_seconds: float
    seats_sold: int
    tiers: Mapping[str, tuple[int, int]]
    currency: str
    outcomes: Mapping[str, int]
    refusals: Mapping[str, int]
    refusals_by_step: Mapping[str, int]
    latencies: Mapping[str, Latency]
    queueing: Latency
    unavailable: Mapping[str, int]
    gaps: tuple[Gap, ...]
    kills: tuple[Kill, ...]
    retries: int
    throttled: int
    faults: Mapping[str, int]
    fault_examples: tuple[str, ...]
    checks: tuple[Check, ...]
    invariants: Mapping[str, int]

    @classmethod
    def of(
        cls,
        world: World,
        final: Final,
        *,
        took_seconds: float,
        kills: tuple[Kill, ...],
        invariants: Mapping[str, int],
    ) -> "Report":
        """The report of a simulation that is over."""
        stats, ledger, house = world.stats, world.ledger, world.house
        by_code, by_step = refusals_of(stats)
        return cls(
            plan=world.plan,
            event_id=house.event_id,
            took_seconds=round(took_seconds, 2),
            seats_sold=ledger.seats_bought,
            tiers=tiers_of(ledger, house.tier_names),
            currency=house.currency,
            outcomes=dict(ledger.outcomes),
            refusals=by_code,
            refusals_by_step=by_step,
            latencies={step: stats.latency(step) for step in stats.latencies},
            queueing=stats.queueing(),
            unavailable=dict(stats.unavailable),
            gaps=tuple(stats.silences(world.clock.monotonic())),
            kills=kills,
            retries=stats.retries,
            throttled=stats.throttled,
            faults=dict(stats.faults),
            fault_examples=tuple(stats.fault_examples),
            checks=tuple(check_all(ledger, final)),
            invariants=invariants,
        )

    @property
    def broken(self) -> list[str]:
        """The names of everything that did not hold."""
        names = [check.name for check in self.checks if not check.kept]
        names += [name for name, violations in self.invariants.items() if violations]
        return names + [kind for kind, count in self.faults.items() if count]

    @property
    def ok(self) -> bool:
        return not self.broken

    def as_json(self) -> dict[str, Any]:
        """Plain data, for a file."""
        return {**asdict(self), "ok": self.ok, "broken": self.broken}


def tiers_of(ledger: Ledger, names: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    """Seats and revenue of what is confirmed, by tier; ``names`` is tier id → name."""
    seats: Counter[str] = Counter()
    revenue: Counter[str] = Counter()
    for purchase in ledger.purchases.values():
        if purchase.status == "confirmed":
            for item in purchase.items:
                seats[item.tier_id] += item.quantity
                revenue[item.tier_id] += item.quantity * item.unit_price
    return {name: (seats[key], revenue[key]) for key, name in names.items()}


def refusals_of(stats: Stats) -> tuple[dict[str, int], dict[str, int]]:
    """``409 seat_taken`` → count; ``lock 409 seat_taken`` → count; the most frequent first."""
    by_code = {
        f"{status} {code or '(no code)'}": count
        for (status, code), count in stats.refusals_by_code().most_common()
    }
    by_step = {
        f"{step} {status} {code or '(no code)'}": count
        for (step, status, code), count in stats.refusals.most_common()
    }
    return by_code, by_step
