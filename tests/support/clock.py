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
