"""Every promise that can be counted, counted at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from tiketi.auth import api as auth
from tiketi.infra.invariants import Invariant
from tiketi.infra.postgres import Reader
from tiketi.infra.runtime import Runtime
from tiketi.payments import api as payments
from tiketi.queue import api as queue
from tiketi.reservations import api as reservations
from tiketi.seats import api as seats
from tiketi.tickets import api as tickets

# Above a call's usual bound: each reads whole tables, of millions of rows after a large sale.
QUERY_SECONDS_MAX = 60
ADMITTED_OVER_CAPACITY = "admitted_never_over_capacity"

INVARIANTS: tuple[Invariant, ...] = (
    *seats.CLAIM_INVARIANTS,
    *seats.MAP_INVARIANTS,
    *reservations.INVARIANTS,
    *tickets.INVARIANTS,
    *payments.INVARIANTS,
    *queue.INVARIANTS,
    *auth.INVARIANTS,
)
_ALLOW_LONG = text(f"SET LOCAL statement_timeout = '{QUERY_SECONDS_MAX}s'")


@dataclass(frozen=True, slots=True)
class Count:
    name: str
    violations: int


@dataclass(frozen=True, slots=True)
class Report:
    checked_at: datetime
    counts: Sequence[Count]

    @property
    def ok(self) -> bool:
        return not any(count.violations for count in self.counts)


async def check_invariants(runtime: Runtime) -> Report:
    """Count what breaks each promise; Unavailable when a store is away."""
    async with runtime.database.snapshot() as reader:
        counts = await _count(reader)
    over = await queue.count_over_capacity(runtime)
    counts.append(Count(ADMITTED_OVER_CAPACITY, over))
    return Report(runtime.clock.now(), counts)


async def _count(reader: Reader) -> list[Count]:
    """All in the reader's one snapshot, by the driver, which takes a bound for each query."""
    await reader.execute(_ALLOW_LONG)
    connection = await reader.driver()
    return [
        Count(
            invariant.name,
            await connection.fetchval(invariant.query, timeout=QUERY_SECONDS_MAX + 1),
        )
        for invariant in INVARIANTS
    ]
