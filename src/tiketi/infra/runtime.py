"""What one process holds: settings, clock, stores, keys, and one of each long-lived thing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from tiketi.infra.pools import POOLS_DEFAULT, Pools
from tiketi.infra.postgres import Database
from tiketi.infra.redis import RedisStore
from tiketi.infra.tokens import KeyRing
from tiketi.kernel.actor import Actor
from tiketi.kernel.clock import Clock, SystemClock
from tiketi.settings import Settings

T = TypeVar("T")


@dataclass
class Runtime:
    settings: Settings
    database: Database
    redis: RedisStore
    keys: KeyRing
    service: str = "tiketi"
    clock: Clock = field(default_factory=SystemClock)
    # Whether the account has revoked its tokens since; None where 10 minutes' grace is allowed.
    is_revoked: Callable[["Runtime", Actor], Awaitable[bool]] | None = None
    draining: bool = False
    # Whether the task that the process is a part of has started as a whole.
    is_settled: Callable[[], bool] = lambda: True
    # What else has to know that the process will leave.
    on_drain: list[Callable[[], None]] = field(default_factory=list)
    _singles: dict[Callable[["Runtime"], Any], Any] = field(default_factory=dict)

    def one(self, factory: Callable[["Runtime"], T]) -> T:
        """The process's single instance of what the factory makes: a cache, a limiter, a pool.

        One that has an ``aclose`` is closed with the runtime.
        """
        if factory not in self._singles:
            self._singles[factory] = factory(self)
        return cast("T", self._singles[factory])

    def begin_drain(self) -> None:
        """The process leaves: readiness says so, and whoever asked to be told is told, once."""
        if not self.draining:
            self.draining = True
            for tell in self.on_drain:
                tell()

    async def close(self) -> None:
        for single in self._singles.values():
            if hasattr(single, "aclose"):
                await single.aclose()
        await self.redis.close()
        await self.database.close()


def open_runtime(
    settings: Settings, *, service: str = "tiketi", pools: Pools = POOLS_DEFAULT
) -> Runtime:
    """A runtime over the stores that the settings name. Nothing is connected to before use."""
    seeds = settings.signing_key.get_secret_value() if settings.signing_key else None
    return Runtime(
        settings=settings,
        database=Database(settings, application=f"tiketi-{service}", pools=pools),
        redis=RedisStore(settings),
        keys=KeyRing(seeds, settings.jwks, issuer=settings.token_issuer),
        service=service,
    )
