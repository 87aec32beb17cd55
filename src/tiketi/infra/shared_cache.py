"""A process's cache over the copies that all processes share: what a public read answers from."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tiketi.infra.cache import STALE_MARGIN_SECONDS, AgingCache, Cached
from tiketi.infra.copies import Copies, CopyKeys
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable

K = TypeVar("K")
V = TypeVar("V")

# Keys that this process changed and has not read since.
DOUBTED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Freshness:
    """A process looks at the copy every ``look_seconds``; it is read anew after ``fresh_seconds``.

    So what is shown is at most their sum old, and up to ``stale_seconds`` while the database is
    away.
    """

    look_seconds: float
    fresh_seconds: float
    stale_seconds: float


@dataclass(frozen=True, slots=True)
class _Kept(Generic[V]):
    value: V
    stamp: str
    true_at: float


class SharedCache(Generic[K, V]):
    """``read`` asks the database, of the writer if told so; ``decode`` makes the value of it."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        keys: Callable[[K], CopyKeys],
        read: Callable[[K, bool], Awaitable[bytes]],
        decode: Callable[[bytes], V],
        freshness: Freshness,
        weight_max: int,
        weigh: Callable[[V], int] = lambda _value: 1,
    ) -> None:
        self._runtime = runtime
        self._copies = runtime.one(Copies)
        self._keys, self._read, self._decode = keys, read, decode
        self._freshness = freshness
        self._doubted: set[K] = set()
        self._cache: AgingCache[K, _Kept[V]] = AgingCache(
            runtime,
            self._load,
            fresh_seconds=freshness.look_seconds,
            stale_seconds=freshness.stale_seconds,
            weight_max=weight_max,
            weigh=lambda kept: weigh(kept.value),
        )

    async def get(self, key: K) -> Cached[V]:
        """The value and its age; whatever ``read`` raises where there is none to serve instead."""
        kept = await self._cache.value(key)
        age_seconds = max(0.0, self._runtime.clock.monotonic() - kept.true_at)
        if age_seconds > self._freshness.stale_seconds:
            raise Unavailable("What is known is too old to be shown.")
        due_seconds = self._freshness.look_seconds + self._freshness.fresh_seconds
        return Cached(kept.value, age_seconds, age_seconds > due_seconds + STALE_MARGIN_SECONDS)

    async def value(self, key: K) -> V:
        """The value alone, at less cost."""
        return (await self._cache.value(key)).value

    def forget(self, key: K) -> None:
        """What it is read from was changed: it is read anew at the next ``get``, here and soon
        everywhere.
        """
        self._cache.forget(key)
        if len(self._doubted) < DOUBTED_MAX:
            self._doubted.add(key)

    async def change(self, key: K) -> None:
        """The same, everywhere from now on; as ``forget`` while Redis is away."""
        self.forget(key)
        await self._tell(key)

    async def _tell(self, key: K) -> None:
        try:
            await self._copies.change(self._keys(key).generation)
        except Unavailable:
            return
        self._doubted.discard(key)

    async def _load(self, key: K) -> tuple[_Kept[V], float]:
        if key in self._doubted:
            await self._tell(key)
        known, asked_at = self._cache.peek(key), self._runtime.clock.monotonic()
        freshness = self._freshness

        async def read(latest: bool) -> bytes:
            return await self._read(key, latest or key in self._doubted)

        copy = await self._copies.fetch(
            self._keys(key),
            read,
            known=known.stamp if known else "",
            fresh_seconds=freshness.fresh_seconds,
            kept_seconds=freshness.stale_seconds,
        )
        self._doubted.discard(key)
        true_at = asked_at - copy.age_seconds
        # Without Redis the process is on its own, and asks as often as all of them would.
        age_seconds = 0.0 if copy.shared else -freshness.fresh_seconds
        if copy.content is None:
            assert known is not None
            return _Kept(known.value, known.stamp, true_at), age_seconds
        value = self._decode(copy.content)
        if known is not None and known.value == value:
            value = known.value
        return _Kept(value, copy.stamp, true_at), age_seconds
