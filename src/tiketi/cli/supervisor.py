"""Keeps processes alive: whoever dies is started again, after a wait that grows to a bound."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tiketi.infra.embedded import EmbeddedError

BACKOFF_SECONDS_MIN = 0.1
BACKOFF_SECONDS_MAX = 10.0
HEALTHY_SECONDS = 30.0  # alive for so long: the next death is a new story
POLL_SECONDS = 0.1
TIDY_SECONDS = 10.0


class Child(Protocol):
    @property
    def name(self) -> str: ...

    def start(self, *, interrupted: Callable[[], bool] = ...) -> None:
        """Raises EmbeddedError or OSError if it cannot be started."""
        ...

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        ...

    @property
    def pid(self) -> int | None: ...


@dataclass
class _Watch:
    child: Child
    alive_since: float
    backoff_seconds: float = BACKOFF_SECONDS_MIN
    due: float | None = None  # when to start it again; None while it runs


class Supervisor:
    """Watches children that run already.

    ``say`` gets a line about every death and return, ``changed`` is called after each return, when
    pids are new, ``tidy`` now and then.
    """

    def __init__(
        self,
        *,
        say: Callable[[str], None],
        changed: Callable[[], None] = lambda: None,
        tidy: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._say, self._changed, self._tidy = say, changed, tidy
        self._clock, self._sleep = clock, sleep
        self._watches: list[_Watch] = []

    def watch(self, child: Child) -> None:
        self._watches.append(_Watch(child, self._clock()))

    def run(self, stopping: Callable[[], bool]) -> None:
        """Until ``stopping``."""
        tidied_at = self._clock()
        while not stopping():
            if self._clock() - tidied_at >= TIDY_SECONDS:
                tidied_at = self._clock()
                self._tidy()
            for watch in self._watches:
                if stopping():
                    return
                self._look_at(watch, stopping)
            self._sleep(POLL_SECONDS)

    def _look_at(self, watch: _Watch, stopping: Callable[[], bool]) -> None:
        now = self._clock()
        if watch.due is None:
            status = watch.child.poll()
            if status is not None:
                self._lose(watch, now, f"{watch.child.name} ended ({describe(status)})")
            elif now - watch.alive_since >= HEALTHY_SECONDS:
                watch.backoff_seconds = BACKOFF_SECONDS_MIN
        elif now >= watch.due:
            self._revive(watch, stopping)

    def _lose(self, watch: _Watch, now: float, what: str) -> None:
        self._say(f"{what}; starting it again in {watch.backoff_seconds:g} s")
        watch.due = now + watch.backoff_seconds
        watch.backoff_seconds = min(watch.backoff_seconds * 2, BACKOFF_SECONDS_MAX)

    def _revive(self, watch: _Watch, stopping: Callable[[], bool]) -> None:
        try:
            watch.child.start(interrupted=stopping)
        except (EmbeddedError, OSError) as error:
            if not stopping():
                self._lose(watch, self._clock(), f"{watch.child.name} could not start: {error}")
            return
        watch.due, watch.alive_since = None, self._clock()
        self._say(f"{watch.child.name} runs again")
        self._changed()


def describe(status: int) -> str:
    """An exit status in words: a negative one is the signal that ended the process."""
    return f"signal {-status}" if status < 0 else f"exit status {status}"
