"""What arrives together is decided together: one round trip and one commit for all of it.

Nobody waits for a batch to fill. A lone item goes at once; while the decisions on their way are as
many as allowed, those that arrive meanwhile are the next batch (group commit).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog

from tiketi.infra.postgres import is_conflict
from tiketi.infra.telemetry import BATCHES
from tiketi.kernel.errors import Unavailable

log = structlog.get_logger(__name__)

# An item that met another of its batch is asked again, with those that wait.
ASKED_TIMES_MAX = 8
# A deadlock's victim changed nothing and may be decided again at once.
CONFLICT_TRIES_MAX = 3
RETRY_AFTER_SECONDS = 1
# A second decision on its way makes both smaller (ADR 19, ADR 24).
FLIGHTS_MAX = 1

T = TypeVar("T")
R = TypeVar("R")


class Again:
    """What ``decide`` gives for an item that has to be decided with the next batch."""


AGAIN = Again()


@dataclass(slots=True)
class _Waiting(Generic[T, R]):
    item: T
    outcome: "asyncio.Future[R]"
    begin_before: float  # by the loop's clock
    asked: int = 0


class Batcher(Generic[T, R]):
    """``decide`` gives an outcome for each item, in order; an exception as an outcome is raised to
    the one caller. If it raises Unavailable, every caller of the batch hears that; unless it was
    the victim of a deadlock, and is asked again at once. If it raises anything else, halves of the
    batch are decided alone, so that only who is to blame hears of it. Whenever it raises, it must
    have changed nothing, or nobody must be harmed by asking again.
    """

    def __init__(
        self,
        name: str,
        decide: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception | Again]]],
        *,
        batch_max: int,
        waiting_max: int,
        wait_seconds_max: float,
        flights_max: int = FLIGHTS_MAX,
    ) -> None:
        self._decide = decide
        self._batch_max = batch_max
        self._waiting_max = waiting_max
        self._flights_max = flights_max
        self._wait_seconds_max = wait_seconds_max
        self._waiting: deque[_Waiting[T, R]] = deque()
        self._flights: set[asyncio.Task[None]] = set()
        self._flying = 0
        self._sizes = BATCHES.labels(name)

    async def submit(self, item: T) -> R:
        """The item's outcome.

        Unavailable, at once when too many wait, and when its turn does not come in time: then
        nothing was decided. Unavailable too when the store is away, and then it may have been.
        """
        if len(self._waiting) >= self._waiting_max:
            raise _overloaded()
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[R] = loop.create_future()
        begin_before = loop.time() + self._wait_seconds_max
        self._waiting.append(_Waiting(item, outcome, begin_before))
        if self._flying < self._flights_max:
            # It starts in the next turn of the loop, with all that this turn still brings.
            self._flying += 1
            flight = loop.create_task(self._fly())
            self._flights.add(flight)  # held, or it could be collected midway
            flight.add_done_callback(self._flights.discard)
        return await outcome

    async def _fly(self) -> None:
        batch: list[_Waiting[T, R]] = []
        try:
            while self._waiting:
                batch = self._next_batch()
                if batch:
                    self._sizes.observe(len(batch))
                    await self._settle(batch)
        except asyncio.CancelledError:
            # The process ends: nobody may wait for what will not come.
            _fail([*batch, *self._waiting], "The service is restarting.")
            raise
        finally:
            self._flying -= 1

    def _next_batch(self) -> list[_Waiting[T, R]]:
        """Those in front, without who has gone or waited too long."""
        now = asyncio.get_running_loop().time()
        batch: list[_Waiting[T, R]] = []
        while self._waiting and len(batch) < self._batch_max:
            waiting = self._waiting.popleft()
            if waiting.outcome.done():
                continue
            if now > waiting.begin_before or waiting.asked >= ASKED_TIMES_MAX:
                waiting.outcome.set_exception(_overloaded())
                continue
            waiting.asked += 1
            batch.append(waiting)
        return batch

    async def _settle(self, batch: list[_Waiting[T, R]], tried: int = 1) -> None:
        try:
            outcomes = await self._decide([waiting.item for waiting in batch])
        except Unavailable as error:
            if is_conflict(error) and tried < CONFLICT_TRIES_MAX:
                await self._settle(batch, tried + 1)
            else:
                _fail(batch, error.detail)
        except Exception as error:  # noqa: BLE001 # whoever caused it hears of it
            if len(batch) == 1:
                self._tell(batch, [error])
                return
            log.warning("batch_halved", size=len(batch), reason=type(error).__name__)
            middle = len(batch) // 2
            await self._settle(batch[:middle])
            await self._settle(batch[middle:])
        else:
            self._tell(batch, outcomes)

    def _tell(self, batch: list[_Waiting[T, R]], outcomes: Sequence[R | Exception | Again]) -> None:
        again: list[_Waiting[T, R]] = []
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Again):
                again.append(waiting)
            elif waiting.outcome.done():
                continue
            elif isinstance(outcome, Exception):
                waiting.outcome.set_exception(outcome)
            else:
                waiting.outcome.set_result(outcome)
        self._waiting.extendleft(reversed(again))


def _fail(batch: Sequence[_Waiting[Any, Any]], detail: str) -> None:
    for waiting in batch:
        if not waiting.outcome.done():
            waiting.outcome.set_exception(Unavailable(detail))


def _overloaded() -> Unavailable:
    return Unavailable(
        "Too many ask for the same at this moment.", retry_after_seconds=RETRY_AFTER_SECONDS
    )
