"""Redis, standalone or cluster: one client, no blind retries, and scripts that may be repeated.

redis-py's own retry repeats a command whose reply was lost, which doubles a write. So it is off;
what we repeat are our scripts, each idempotent by user or by request.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout

from tiketi.infra.lua import LuaScript
from tiketi.kernel.errors import Unavailable
from tiketi.settings import Settings

CLUSTER_SCHEME = "redis+cluster://"
# A script is tried again after these waits, in seconds: long enough for a dropped connection,
# too short for a fail-over, which the caller hears of as `Unavailable`.
_RETRY_WAITS_SECONDS = (0.02, 0.1)


class RedisStore:
    """The one handle on Redis. Every failure to reach it is ``Unavailable``."""

    def __init__(self, settings: Settings) -> None:
        if settings.redis_url is None:
            raise ValueError("TIKETI_REDIS_URL is not set")
        self.client: Any = _client(settings.redis_url, settings)
        self._timeout_seconds = settings.redis_timeout_seconds
        self._scripts: dict[str, AsyncScript] = {}

    async def run(self, script: LuaScript, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """The script's reply. It may run twice when a reply is lost, so it must be idempotent."""
        registered = self._scripts.get(script.name)
        if registered is None:
            registered = self._scripts[script.name] = self.client.register_script(script.source)
        for wait_seconds in (*_RETRY_WAITS_SECONDS, None):
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    return await registered(keys=list(keys), args=list(args))
            except (RedisConnectionError, RedisTimeout, OSError) as error:
                if wait_seconds is None:
                    raise Unavailable("A store is away for a moment.") from error
                await asyncio.sleep(wait_seconds)
            except RedisError as error:
                if is_passing(error):
                    raise Unavailable("A store is away for a moment.") from error
                raise
        raise AssertionError("the last try either returns or raises")

    async def command(self, *words: str | bytes | float) -> Any:
        """The reply of one read, or of a write that may be lost or repeated without harm."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self.client.execute_command(*words)
        except (RedisConnectionError, RedisTimeout, OSError) as error:
            raise Unavailable("A store is away for a moment.") from error
        except RedisError as error:
            if is_passing(error):
                raise Unavailable("A store is away for a moment.") from error
            raise

    async def close(self) -> None:
        await self.client.aclose()


def is_passing(error: RedisError) -> bool:
    """Whether the server said that it is only for now: loading, failing over, or read-only."""
    return str(error).startswith(("LOADING", "BUSY", "CLUSTERDOWN", "READONLY", "MASTERDOWN"))


def _client(url: str, settings: Settings) -> Redis | RedisCluster:
    never = Retry(NoBackoff(), 0)
    if url.startswith(CLUSTER_SCHEME):
        return RedisCluster.from_url(
            url.replace(CLUSTER_SCHEME, "redis://", 1),
            max_connections=settings.redis_pool_max,
            socket_timeout=settings.redis_timeout_seconds,
            socket_connect_timeout=settings.redis_timeout_seconds,
            retry=never,
        )
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=settings.redis_pool_max,
        timeout=settings.redis_timeout_seconds,
        # The store bounds each command itself: redis-py would by `asyncio.wait_for`, a task more
        # for every command, which before Python 3.12 can swallow its caller's cancellation.
        socket_timeout=None,
        socket_connect_timeout=settings.redis_timeout_seconds,
        retry=never,
    )
    return Redis.from_pool(pool)
