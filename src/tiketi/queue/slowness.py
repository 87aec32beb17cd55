"""How long work takes in multiples of its target: an average that forgets what is long over."""

import math
from dataclasses import dataclass

# What it remembers: a few pieces of work on target, one after another, and some seconds at least.
# Who has ended nothing for as long has nothing to say.
KEPT_TARGETS = 5
KEPT_SECONDS_MIN = 3.0
# With fewer pieces of work than this the missing ones count as instant, so that a single slow one
# in a quiet hour slows nobody down.
COUNT_MIN = 4.0
# What an overloaded store refused took at least so many times the target.
OVERLOADED_TIMES = 4.0


@dataclass(frozen=True, slots=True)
class Slowness:
    """``total`` multiples of the target over ``count`` pieces of work."""

    total: float = 0.0
    count: float = 0.0

    @property
    def ratio(self) -> float:
        """What a piece of work takes, in multiples of its target."""
        return self.total / max(self.count, COUNT_MIN)


class Stopwatch:
    """One kind of work in this process. Every time is in seconds that never run backwards."""

    def __init__(self, target_seconds: float) -> None:
        self._target_seconds = target_seconds
        self._kept_seconds = max(KEPT_SECONDS_MIN, KEPT_TARGETS * target_seconds)
        self._total = 0.0
        self._count = 0.0
        self._ended_at = -math.inf
        # Bounded by the requests that a process serves at once.
        self._begun_at: dict[object, float] = {}

    def begin(self, now: float) -> object:
        work = object()
        self._begun_at[work] = now
        return work

    def end(self, work: object, now: float) -> None:
        """It was done."""
        self._note(self._times(work, now), now)

    def end_overloaded(self, work: object, now: float) -> None:
        """A store was away or too busy for it."""
        self._note(max(OVERLOADED_TIMES, self._times(work, now)), now)

    def end_refused(self, work: object, now: float) -> None:
        """It came to nothing. A quick refusal says nothing: no store need have been asked."""
        times = self._times(work, now)
        if times > 1:
            self._note(times, now)

    def read(self, now: float) -> Slowness | None:
        """What is under way and overdue counts as if it ended now. None: nothing to say."""
        if now - self._ended_at > self._kept_seconds:
            self._total = self._count = 0.0
        times = [(now - begun_at) / self._target_seconds for begun_at in self._begun_at.values()]
        overdue = [each for each in times if each > 1]
        if self._count == 0 and not overdue:
            return None
        kept = self._kept(now)
        return Slowness(self._total * kept + sum(overdue), self._count * kept + len(overdue))

    def _times(self, work: object, now: float) -> float:
        return (now - self._begun_at.pop(work)) / self._target_seconds

    def _note(self, times: float, now: float) -> None:
        kept = self._kept(now)
        self._total = self._total * kept + times
        self._count = self._count * kept + 1
        self._ended_at = now

    def _kept(self, now: float) -> float:
        return math.exp((self._ended_at - now) / self._kept_seconds)
