"""Budgets over all services that are asked of the store only now and then: those of public reads.

A script costs more than the read itself. So each process lets calls through on what was left when
it last asked, and tells the store of them together: after a sixteenth of what was left, or after a
second. One process alone never passes the limit; many at once pass it by at most that sixteenth
each.
"""

import math
from dataclasses import dataclass

from tiketi.infra.rate_limit import COUNTED_HERE_MAX, Budget, Verdict, spend
from tiketi.infra.runtime import Runtime

UNTOLD_SHARE = 16
UNTOLD_SECONDS_MAX = 1.0


@dataclass(slots=True)
class _Tally:
    """``untold`` calls since the store was last told, and what was left by then.

    ``is_known`` is False while the store is away, ``allowed`` while the budget is spent.
    """

    is_known: bool = False
    allowed: bool = True
    remaining: int = 0
    untold: int = 0
    untold_max: int = 0
    tell_at: float = 0.0
    resets_at: float = 0.0
    # The header that is the same all along, once a call was allowed.
    policy: tuple[bytes, bytes] | None = None

    def verdict(self, budget: Budget, now: float) -> Verdict | None:
        if not self.is_known:
            return None
        reset_seconds = max(0, math.ceil(self.resets_at - now))
        return Verdict(budget, self.allowed, max(0, self.remaining - self.untold), reset_seconds)


class Tallies:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        # By name and subject, last seen last.
        self._tallies: dict[tuple[str, str], _Tally] = {}

    def spend_here(self, name: str, subject: str) -> list[tuple[bytes, bytes]] | None:
        """The headers of a call that was counted and let through; None where ``spend`` decides."""
        tally = self._tallies.get((name, subject))
        if tally is None or tally.policy is None or tally.untold >= tally.untold_max:
            return None
        now = self._runtime.clock.monotonic()
        if now >= tally.tell_at:
            return None
        tally.untold += 1
        reset_seconds = max(0, math.ceil(tally.resets_at - now))
        left = f'"{name}";r={tally.remaining - tally.untold};t={reset_seconds}'
        return [tally.policy, (b"ratelimit", left.encode())]

    async def spend(self, budget: Budget) -> Verdict | None:
        """Count one call; None when nobody can say, and then the call goes through."""
        key, now = (budget.name, budget.subject), self._runtime.clock.monotonic()
        tally = self._tallies.pop(key, None) or _Tally()
        self._tallies[key] = tally
        if len(self._tallies) > COUNTED_HERE_MAX:
            del self._tallies[next(iter(self._tallies))]
        if not tally.allowed and now < tally.resets_at:
            return tally.verdict(budget, now)
        if now >= tally.tell_at or tally.untold >= tally.untold_max:
            return await self._tell(budget, tally)
        tally.untold += 1
        return tally.verdict(budget, now)

    async def _tell(self, budget: Budget, tally: _Tally) -> Verdict | None:
        """What the store says of this call, told of those before it too."""
        before, tally.untold = tally.untold, 0
        # Who comes while the answer is on its way goes by what is left after these.
        tally.remaining -= before + 1
        tally.untold_max = max(0, min(tally.untold_max, tally.remaining))
        verdict = await spend(self._runtime.redis, budget, before=before)
        now = self._runtime.clock.monotonic()
        tally.tell_at = now + UNTOLD_SECONDS_MAX
        tally.is_known = verdict is not None
        if verdict is None:
            # The store's timeouts are not paid by every caller.
            tally.allowed, tally.untold_max, tally.policy = True, budget.per_minute, None
            return None
        tally.allowed, tally.remaining = verdict.allowed, verdict.remaining
        tally.policy = verdict.headers()[0] if verdict.allowed else None
        tally.untold_max = verdict.remaining // UNTOLD_SHARE
        tally.resets_at = now + verdict.reset_seconds
        return verdict
