"""What the simulation counts while it runs: calls, refusals, faults and silences."""

import math
from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass, field

# Enough to see what is wrong; the counters beside it stay exact.
EXAMPLES_MAX = 50


def _new_times() -> "array[float]":
    return array("d")


@dataclass(frozen=True, slots=True)
class Latency:
    """One step's times in milliseconds, as the client measured them."""

    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float


def percentile(ordered: "array[float]", share: float) -> float:
    """The nearest-rank percentile of ascending values; 0 for none."""
    if not ordered:
        return 0.0
    rank = math.ceil(len(ordered) * share)
    return ordered[max(1, rank) - 1]


@dataclass(frozen=True, slots=True)
class Gap:
    """A service's silence: from its first missing answer to the first answer after it."""

    service: str
    began_seconds: float
    lasted_seconds: float


@dataclass(slots=True)
class Stats:
    """``started`` and every time handed in are monotonic seconds."""

    started: float
    latencies: dict[str, "array[float]"] = field(default_factory=lambda: defaultdict(_new_times))
    queued: "array[float]" = field(default_factory=_new_times)
    refusals: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    fault_examples: list[str] = field(default_factory=list)
    unavailable: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    throttled: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    gaps: list[Gap] = field(default_factory=list)
    _silent_since: dict[str, float] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        return sum(len(times) for times in self.latencies.values())

    def answered(self, step: str, took_ms: float, queued_ms: float) -> None:
        self.latencies[step].append(took_ms)
        self.queued.append(queued_ms)

    def refused(self, step: str, status: int, code: str) -> None:
        self.refusals[step, status, code] += 1

    def fault(self, kind: str, example: str) -> None:
        """Count what must never happen. ``kind`` groups, ``example`` tells one of them."""
        self.faults[kind] += 1
        if len(self.fault_examples) < EXAMPLES_MAX:
            self.fault_examples.append(f"{kind}: {example}")

    def missed(self, service: str, now: float) -> None:
        """A service gave no answer, or said 503."""
        self.unavailable[service] += 1
        self._silent_since.setdefault(service, now)

    def heard(self, service: str, begun: float, now: float) -> None:
        """A service answered an exchange begun then; one begun before a silence ends nothing."""
        since = self._silent_since.get(service)
        if since is not None and begun >= since:
            del self._silent_since[service]
            self.gaps.append(Gap(service, since - self.started, now - since))

    def silences(self, now: float) -> list[Gap]:
        """The gaps that are over, then those that go on."""
        open_gaps = [
            Gap(service, since - self.started, now - since)
            for service, since in self._silent_since.items()
        ]
        return self.gaps + open_gaps

    def latency(self, step: str) -> Latency:
        return _latency(self.latencies[step])

    def queueing(self) -> Latency:
        """How long requests waited for one of the simulator's own connections."""
        return _latency(self.queued)

    def refusals_by_code(self) -> Counter[tuple[int, str]]:
        totals: Counter[tuple[int, str]] = Counter()
        for (_, status, code), count in self.refusals.items():
            totals[status, code] += count
        return totals


def _latency(times: "array[float]") -> Latency:
    ordered = array("d", sorted(times))
    return Latency(
        len(ordered),
        round(percentile(ordered, 0.50), 2),
        round(percentile(ordered, 0.99), 2),
        round(ordered[-1], 2) if ordered else 0.0,
    )
