"""A bounded cache of values that age: one load a key at a time, old ones while a store is away."""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable

K = TypeVar("K")
V = TypeVar("V")

# With an older value in hand nobody waits longer than this for a new one.
RELOAD_WAIT_SECONDS_MAX = 0.25
# While the store is away, one try in this time, so that a timeout is not paid by every caller.
RELOAD_PAUSE_SECONDS = 0.5
# Loading takes a moment even on a good day.
STALE_MARGIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Cached(Generic[V]):
    """``age_seconds`` since the value was true; ``stale`` when it should be newer than that."""

    value: V
    age_seconds: float
    stale: bool


@dataclass(slots=True)
class _Entry(Generic[V]):
    value: V
    weight: int
    true_at: float
    retry_at: float


class AgingCache(Generic[K, V]):
    """``load`` answers a value and how old it is already, in seconds.

    A value is served for ``fresh_seconds`` without asking, and up to ``stale_seconds`` while
    loading raises Unavailable or takes long. ``weigh`` and ``weight_max`` bound what is kept: the
    least recently used go first, and what is heavier than the bound is not kept at all.
    """

    def __init__(
        self,
        runtime: Runtime,
        load: Callable[[K], Awaitable[tuple[V, float]]],
        *,
        fresh_seconds: float,
        stale_seconds: float,
        weight_max: int,
        weigh: Callable[[V], int] = lambda _value: 1,
    ) -> None:
        self._runtime = runtime
        self._load = load
        self._fresh_seconds = fresh_seconds
        self._stale_seconds = stale_seconds
        self._weight_max = weight_max
        self._weigh = weigh
        self._weight = 0
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._flights: dict[K, asyncio.Task[_Entry[V]]] = {}

    async def get(self, key: K) -> Cached[V]:
        """The value; whatever ``load`` raises where there is none to serve instead."""
        entry, now = self._entries.get(key), self._now()
        if entry is not None:
            self._entries.move_to_end(key)
            if now - entry.true_at < self._fresh_seconds:
                return self._served(entry)
            if now - entry.true_at < self._stale_seconds:
                return await self._renew(key, entry)
        return self._served(await asyncio.shield(self._flight(key)))

    async def value(self, key: K) -> V:
        """The value alone, at less cost."""
        entry = self._entries.get(key)
        if entry is not None and self._now() - entry.true_at < self._fresh_seconds:
            if len(self._entries) > 1:
                self._entries.move_to_end(key)
            return entry.value
        return (await self.get(key)).value

    def peek(self, key: K) -> V | None:
        """The value as it was last seen, however old."""
        entry = self._entries.get(key)
        return None if entry is None else entry.value

    def put(self, key: K, value: V) -> None:
        """A value that the caller has just read."""
        self._keep(key, _Entry(value, self._weigh(value), self._now(), retry_at=0.0))

    def amend(self, key: K, value: V) -> None:
        """What is kept, corrected; it is as old and as heavy as it was."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.value = value

    def expire(self, key: K) -> None:
        """As ``forget``, but ``peek`` still sees what was kept, and loading may begin with it."""
        self._flights.pop(key, None)
        entry = self._entries.get(key)
        if entry is not None:
            entry.true_at = -math.inf

    def forget(self, key: K) -> None:
        """Load anew at the next ``get``; a load that is under way counts for those who wait."""
        self._flights.pop(key, None)
        self._drop(key)

    async def _renew(self, key: K, entry: _Entry[V]) -> Cached[V]:
        if self._now() < entry.retry_at:
            return self._served(entry)
        try:
            async with asyncio.timeout(RELOAD_WAIT_SECONDS_MAX):
                return self._served(await asyncio.shield(self._flight(key)))
        except (Unavailable, TimeoutError):
            entry.retry_at = self._now() + RELOAD_PAUSE_SECONDS
            return self._served(entry)

    def _flight(self, key: K) -> asyncio.Task[_Entry[V]]:
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(self._fetch(key))
            flight.add_done_callback(lambda done: self._landed(key, done))
        return flight

    async def _fetch(self, key: K) -> _Entry[V]:
        # What was read is as old as the question, however long the answer took.
        asked_at = self._now()
        value, age_seconds = await self._load(key)
        return _Entry(value, self._weigh(value), asked_at - age_seconds, retry_at=0.0)

    def _landed(self, key: K, flight: asyncio.Task[_Entry[V]]) -> None:
        if self._flights.get(key) is not flight:
            # Forgotten meanwhile: who waited has it, nobody else may.
            if not flight.cancelled():
                flight.exception()
            return
        del self._flights[key]
        if flight.cancelled():
            return
        error = flight.exception()
        if error is None:
            self._keep(key, flight.result())
        elif not isinstance(error, Unavailable):
            self._drop(key)

    def _keep(self, key: K, entry: _Entry[V]) -> None:
        self._drop(key)
        if entry.weight > self._weight_max:
            return
        self._entries[key] = entry
        self._weight += entry.weight
        while self._weight > self._weight_max:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._weight -= entry.weight

    def _served(self, entry: _Entry[V]) -> Cached[V]:
        age_seconds = max(0.0, self._now() - entry.true_at)
        stale = age_seconds > self._fresh_seconds + STALE_MARGIN_SECONDS
        return Cached(entry.value, age_seconds, stale)

    def _now(self) -> float:
        return self._runtime.clock.monotonic()
