"""Redis, standalone or cluster: one client, no blind retries, and scripts that may be repeated.

redis-py's own retry repeats a command whose reply was lost, which doubles a write. So it is off;
what we repeat are our scripts, each idempotent by user or by request.
"""

import asyncio
from collections.abc import Sequence
from hashlib import sha1
from typing import Any

from hiredis import pack_command
from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    BusyLoadingError,
    ClusterDownError,
    MovedError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeout

from tiketi.infra.lua import LuaScript
from tiketi.infra.redis_cluster import open_cluster
from tiketi.infra.redis_lane import Lane, lines_of_node, lines_of_pool
from tiketi.kernel.errors import Unavailable
from tiketi.settings import Settings

CLUSTER = "+cluster://"  # of redis+cluster:// and, by TLS, rediss+cluster://
# A script is tried again after these waits, in seconds: long enough for a dropped connection,
# too short for a fail-over, which the caller hears of as `Unavailable`.
_RETRY_WAITS_SECONDS = (0.02, 0.1)
_AWAY = "A store is away for a moment."
_NO_REPLY = (RedisConnectionError, RedisTimeout, OSError)
# The node is new or was promoted, or the slot is another's now: the client finds it, and learns.
_ELSEWHERE = (NoScriptError, MovedError, AskError)
# MASTERDOWN is a ClusterDownError.
_PASSING = (BusyLoadingError, ClusterDownError, ReadOnlyError, TryAgainError)
_STANDALONE = ""


class RedisStore:
    """The one handle on Redis. Every failure to reach it is ``Unavailable``."""

    def __init__(self, settings: Settings) -> None:
        if settings.redis_url is None:
            raise ValueError("TIKETI_REDIS_URL is not set")
        self.client: Any = _client(settings.redis_url, settings)
        self._timeout_seconds = settings.redis_timeout_seconds
        self._is_cluster = isinstance(self.client, RedisCluster)
        self._lanes: dict[str, Lane] = {}
        self._shas: dict[str, str] = {}

    async def run(self, script: LuaScript, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """The script's reply. It may run twice when a reply is lost, so it must be idempotent.

        It travels with whatever else this turn of the loop sends to the same node.
        """
        words = (len(keys), *keys, *args)
        try:
            return await self._send(keys[0], ("EVALSHA", self._sha(script), *words))
        except (*_ELSEWHERE, *_NO_REPLY) as error:
            return await self._run_again(("EVAL", script.source, *words), error)
        except RedisError as error:
            raise _judged(error) from error

    async def _run_again(self, words: Sequence[Any], failed: Exception) -> Any:
        for wait_seconds in _RETRY_WAITS_SECONDS:
            if not isinstance(failed, _ELSEWHERE):
                await asyncio.sleep(wait_seconds)
            try:
                return await self._ask_client(words)
            except _NO_REPLY as error:
                failed = error
            except RedisError as error:
                raise _judged(error) from error
        raise Unavailable(_AWAY) from failed

    async def command(self, *words: str | bytes | float) -> Any:
        """The reply of one read, or of a write that may be lost or repeated without harm.

        It is as on the wire: bytes, integers, and flat lists of them.
        Its second word is its key, if it has one; then it travels as scripts do.
        """
        try:
            if len(words) == 1:
                return await self._ask_client(words)
            try:
                return await self._send(str(words[1]), words)
            except _ELSEWHERE:
                return await self._ask_client(words)
        except _NO_REPLY as error:
            raise Unavailable(_AWAY) from error
        except RedisError as error:
            raise _judged(error) from error

    async def close(self) -> None:
        for lane in self._lanes.values():
            await lane.close()
        await self.client.aclose()

    async def _send(self, key: str, words: tuple[Any, ...]) -> Any:
        if not self._is_cluster:
            return await self._lane_to(_STANDALONE).send(pack_command(words))
        async with asyncio.timeout(self._timeout_seconds):
            await self.client.initialize()
        try:
            node: str = self.client.get_node_from_key(key).name
            return await self._lane_to(node).send(pack_command(words))
        except _NO_REPLY:
            self.client.suspect()  # another node may serve the slot by now
            raise

    def _lane_to(self, node: str) -> Lane:
        lane = self._lanes.get(node)
        if lane is None:
            lines = (
                lines_of_node(self.client, node)
                if self._is_cluster
                else lines_of_pool(self.client.connection_pool)
            )
            lane = self._lanes[node] = Lane(lines, timeout_seconds=self._timeout_seconds)
        return lane

    async def _ask_client(self, words: Sequence[Any]) -> Any:
        """By way of the client, which in a cluster finds out who has the slot."""
        async with asyncio.timeout(self._timeout_seconds):
            return await self.client.execute_command(*words)

    def _sha(self, script: LuaScript) -> str:
        sha = self._shas.get(script.name)
        if sha is None:
            digest = sha1(script.source.encode(), usedforsecurity=False)
            sha = self._shas[script.name] = digest.hexdigest()
        return sha


def is_passing(error: RedisError) -> bool:
    """Whether the server said that it is only for now: loading, failing over, or read-only."""
    # redis-py takes the code out of the text of those errors that it has a class for.
    return isinstance(error, _PASSING) or str(error).startswith("BUSY")


def _judged(error: RedisError) -> Exception:
    return Unavailable(_AWAY) if is_passing(error) else error


def _client(url: str, settings: Settings) -> Redis | RedisCluster:
    if CLUSTER in url:
        return open_cluster(
            url.replace(CLUSTER, "://", 1),
            at_once_max=settings.redis_pool_max,
            connect_timeout_seconds=settings.redis_timeout_seconds,
        )
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=settings.redis_pool_max,
        timeout=settings.redis_timeout_seconds,
        # The store bounds each command itself: redis-py would by `asyncio.wait_for`, a task more
        # for every command, which before Python 3.12 can swallow its caller's cancellation.
        socket_timeout=None,
        socket_connect_timeout=settings.redis_timeout_seconds,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)
