"""redis-py's cluster client, kept from making one shard's trouble everybody's.

By itself it asks for the topology anew after every failed command, on connections of all nodes and
while every other command waits; it never asks when a node hangs, since a caller who gives up is no
error to it; and it refuses at once when a node's connections are all in use.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, cast
from urllib.parse import urlsplit

from redis.asyncio import RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.cluster import get_node_name
from redis.exceptions import (
    ClusterDownError,
    RedisClusterException,
    RedisError,
    SlotNotCoveredError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeout
from redis.utils import str_if_bytes

# A command that was cut off after this long may have met a node that hangs.
SILENT_SECONDS = 0.5
# While a node is suspected the others are asked who serves its slots now, this often and so long:
# longer than a cluster takes to promote a replica where a node is given 15 s, as by default.
LOOK_INTERVAL_SECONDS = 0.25
LOOKS_MAX = 120
LOOK_TIMEOUT_SECONDS = 0.5
# Of a node's connections, left to what is sent beside ``execute_command``.
RESERVED_CONNECTIONS = 8

# redis-py closes every node's connections where one slot is not served; meanwhile nobody may.
_is_sending: ContextVar[bool] = ContextVar("_is_sending", default=False)


class ClusterClient(RedisCluster):
    """What cannot be reached is a RedisConnectionError, or the caller's own timeout.

    ``at_once_max`` commands to a node at once; the next wait for as long as their callers do.
    """

    def __init__(self, *, at_once_max: int, **options: Any) -> None:
        super().__init__(max_connections=at_once_max + RESERVED_CONNECTIONS, **options)
        self._gates = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(at_once_max))
        self._watch: asyncio.Task[None] | None = None
        self._is_known = False

    async def initialize(self, *args: Any, **kwargs: Any) -> "ClusterClient":
        """Learn the topology, the first time; later ``suspect`` does, beside the commands."""
        if not self._is_known:
            try:
                await super().initialize(*args, **kwargs)
            except RedisClusterException as error:
                raise RedisConnectionError(str(error)) from error
            self._is_known = True
        # redis-py would have every command wait for it after any that failed.
        self._initialize = False
        return self

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        # First of all: without the topology redis-py sends to any node.
        await self.initialize()
        began_at = asyncio.get_running_loop().time()
        sending = _is_sending.set(True)
        try:
            async with self._gates[self._name_of_node(args)]:
                return await super().execute_command(*args, **kwargs)
        except asyncio.CancelledError:
            if asyncio.get_running_loop().time() - began_at >= SILENT_SECONDS:
                self.suspect()
            raise
        except (RedisConnectionError, RedisTimeout, ClusterDownError, OSError):
            self.suspect()
            raise
        except RedisClusterException as error:
            self.suspect()
            raise RedisConnectionError(str(error)) from error
        finally:
            _is_sending.reset(sending)

    def get_node_from_key(self, key: Any, replica: bool = False) -> ClusterNode | None:
        """The node of the key's slot; RedisConnectionError while nobody serves it."""
        try:
            return super().get_node_from_key(key, replica)
        except SlotNotCoveredError as error:
            self.suspect()
            raise RedisConnectionError(str(error)) from error

    def suspect(self) -> None:
        """A node does not answer: find out who serves its slots, unless that is under way."""
        if self._is_known and (self._watch is None or self._watch.done()):
            self._watch = asyncio.create_task(self._look_until_changed())

    async def aclose(self) -> None:
        if _is_sending.get():
            return
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        self._initialize, self._is_known = not self._is_known, False
        await super().aclose()

    async def _look_until_changed(self) -> None:
        for _ in range(LOOKS_MAX):
            try:
                async with asyncio.timeout(LOOK_TIMEOUT_SECONDS):
                    node = random.choice(self.get_nodes())  # noqa: S311 # guards nothing
                    said = await node.execute_command("CLUSTER SLOTS")
                    is_news = self._is_news(said, node.host)
                if is_news:
                    await self._move_on()
                    return
            except (RedisError, RedisClusterException, OSError):
                pass  # the next one asked may know
            await asyncio.sleep(LOOK_INTERVAL_SECONDS)

    async def _move_on(self) -> None:
        masters = self.get_primaries()
        async with asyncio.timeout(LOOK_TIMEOUT_SECONDS):
            await self.nodes_manager.initialize()
        for node in masters:
            if node not in self.get_primaries():
                # Who still waits for its reply hears at once that there will be none.
                await node.disconnect()

    def _is_news(self, said: Sequence[Any], asked_host: str) -> bool:
        """Whether CLUSTER SLOTS names another master than we know for some slots."""
        for first, _, (host, port, *_), *_ in said:
            # A node that does not know its own address leaves it out.
            name = get_node_name(str_if_bytes(host) or asked_host, int(port))
            known = self.nodes_manager.slots_cache.get(int(first))
            if not known or known[0].name != name:
                return True
        return False

    def _name_of_node(self, args: Sequence[Any]) -> str:
        """The node of the command's key, or "" where it names none."""
        at = 3 if args[0] in ("EVAL", "EVALSHA") else 1
        node = self.get_node_from_key(args[at]) if len(args) > at else None
        return node.name if node else ""


def open_cluster(url: str, *, at_once_max: int, connect_timeout_seconds: float) -> ClusterClient:
    """A client of the cluster that the nodes of ``redis://…@host:port,host:port`` belong to.

    Any one of them has to be reached, and only by the first command.
    """
    scheme, _, rest = url.partition("://")
    login, at, hosts = rest.rpartition("@")
    first, *others = hosts.split(",")
    nodes = [urlsplit(f"redis://{other}") for other in others]
    client: Any = ClusterClient.from_url(
        f"{scheme}://{login}{at}{first}",
        startup_nodes=[ClusterNode(node.hostname or "", node.port or 6379) for node in nodes],
        at_once_max=at_once_max,
        # The store bounds each command itself: redis-py would by `asyncio.wait_for`, which before
        # Python 3.12 can swallow its caller's cancellation.
        socket_timeout=None,
        socket_connect_timeout=connect_timeout_seconds,
        require_full_coverage=False,
        reinitialize_steps=0,
        retry=Retry(NoBackoff(), 0),
    )
    return cast("ClusterClient", client)
