"""One budget a person over all services: counted in Redis, forgiven when Redis is away."""

import math
from dataclasses import dataclass
from enum import Enum

import structlog

from tiketi.infra.keyspace import Pool, tag_for
from tiketi.infra.lua import load_script
from tiketi.infra.redis import RedisStore
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable

log = structlog.get_logger(__name__)

WINDOW_SECONDS = 60
# Subjects that one process counts by itself: those seen last.
COUNTED_HERE_MAX = 50_000
_HIT = load_script("tiketi.infra", "hit_limit")


class Limit(Enum):
    """Which budget a call draws on."""

    ACTING = "acting"  # an account's, or the address's small one without a token
    PUBLIC = "public"  # the address's large one: cacheable reads, told to the store now and then
    WAITING = "waiting"  # an account's own for its place in the queue, counted in each process
    NONE = "none"  # probes, webhooks


@dataclass(frozen=True, slots=True)
class Budget:
    """``name`` shows in RateLimit-Policy; ``subject`` is the account or the address."""

    name: str
    subject: str
    per_minute: int


@dataclass(frozen=True, slots=True)
class Verdict:
    budget: Budget
    allowed: bool
    remaining: int
    reset_seconds: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """draft-ietf-httpapi-ratelimit-headers."""
        name, most = self.budget.name, self.budget.per_minute
        return [
            (b"ratelimit-policy", f'"{name}";q={most};w={WINDOW_SECONDS}'.encode()),
            (b"ratelimit", f'"{name}";r={self.remaining};t={self.reset_seconds}'.encode()),
        ]


class Counts:
    """Budgets that each process counts by itself: those of waiting must cost the store nothing."""

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock
        # (name, subject) → end of their minute and how many calls it has had; last seen last.
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def spend(self, budget: Budget) -> Verdict:
        """Count one call."""
        key, now = (budget.name, budget.subject), self._clock.monotonic()
        until, count = self._windows.pop(key, (0.0, 0))
        if now >= until:
            until, count = now + WINDOW_SECONDS, 0
        self._windows[key] = until, count + 1
        if len(self._windows) > COUNTED_HERE_MAX:
            del self._windows[next(iter(self._windows))]
        remaining = budget.per_minute - count - 1
        return Verdict(budget, remaining >= 0, max(0, remaining), math.ceil(until - now))


async def spend(redis: RedisStore, budget: Budget, *, before: int = 0) -> Verdict | None:
    """Count one call; None when nobody can say, and then the call goes through.

    ``before`` calls were let through already and are counted with it.
    """
    key = f"rate:{{{tag_for(Pool.CACHE, budget.subject)}}}:{budget.name}:{budget.subject}"
    try:
        allowed, remaining, wait_ms = await redis.run(
            _HIT, [key], [budget.per_minute, WINDOW_SECONDS * 1000, before]
        )
    except Unavailable:
        log.warning("rate_limit_unknown", budget=budget.name)
        return None
    return Verdict(budget, bool(allowed), int(remaining), -(-int(wait_ms) // 1000))
