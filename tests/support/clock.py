"""A clock that a test sets forward instead of waiting."""

from datetime import datetime, timedelta

from tiketi.kernel.clock import SystemClock


class ShiftedClock(SystemClock):
    """The system's time plus what the test added."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def now(self) -> datetime:
        return super().now() + self.shift

    def monotonic(self) -> float:
        return super().monotonic() + self.shift.total_seconds()

    def advance(self, **span: float) -> None:
        self.shift += timedelta(**span)


class JumpingClock(SystemClock):
    """A wall clock that somebody set wrong; time measured by it still runs as it does."""

    def __init__(self, **off: float) -> None:
        self._off = timedelta(**off)

    def now(self) -> datetime:
        return super().now() + self._off
