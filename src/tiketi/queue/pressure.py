"""Whether the sale bears those admitted: every process reports how long its holds and payments
take, and admission follows (docs/adr/0013).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from secrets import token_hex

from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable
from tiketi.queue import pressure_store
from tiketi.queue.slowness import Slowness, Stopwatch

_ID_BYTES = 8


class Work(StrEnum):
    """The order is that of the figures in the store."""

    HOLD = "hold"
    PAYMENT = "payment"


class Pressure:
    """What this process measures of its own work. Nobody waits for its report."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._process = token_hex(_ID_BYTES)
        self._has_told = False
        settings = runtime.settings
        self._stopwatches = {
            Work.HOLD: Stopwatch(settings.hold_target_ms / 1_000),
            Work.PAYMENT: Stopwatch(settings.payment_target_ms / 1_000),
        }

    @contextmanager
    def measure(self, work: Work) -> Iterator[None]:
        """Time the block: what was done, what was refused slowly, and what the stores refused."""
        stopwatch, clock = self._stopwatches[work], self._runtime.clock
        begun = stopwatch.begin(clock.monotonic())
        try:
            yield
        except Unavailable:
            stopwatch.end_overloaded(begun, clock.monotonic())
            raise
        except BaseException:
            stopwatch.end_refused(begun, clock.monotonic())
            raise
        stopwatch.end(begun, clock.monotonic())

    async def report(self) -> None:
        """Tell the store what there is to tell, and once that nothing is left; Unavailable."""
        now = self._runtime.clock.monotonic()
        read = [self._stopwatches[work].read(now) for work in Work]
        has_news = any(figure is not None for figure in read)
        if has_news or self._has_told:
            figures = [figure or Slowness() for figure in read]
            await pressure_store.report(self._runtime.redis, self._process, figures)
        self._has_told = has_news


@contextmanager
def measure_holds(runtime: Runtime) -> Iterator[None]:
    """Time a hold being made, for admission to follow."""
    with runtime.one(Pressure).measure(Work.HOLD):
        yield


@contextmanager
def measure_payments(runtime: Runtime) -> Iterator[None]:
    """Time a payment being confirmed, for admission to follow."""
    with runtime.one(Pressure).measure(Work.PAYMENT):
        yield


async def report_pressure(runtime: Runtime) -> None:
    await runtime.one(Pressure).report()


async def read_pressure(runtime: Runtime) -> dict[str, float]:
    """What each kind of work takes over all processes, in multiples of its target; Unavailable.

    The mean of all work, not of the worst process: one that is ill among many is not the system's
    trouble. Without reports it is 0.
    """
    figures = await pressure_store.read(runtime.redis, len(Work))
    return {work.value: each.ratio for work, each in zip(Work, figures, strict=True)}
