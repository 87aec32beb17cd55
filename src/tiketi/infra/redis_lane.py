"""Commands of one turn of the loop travel together: one write, then their replies in turn.

A command sent alone costs a process some 100 µs, most of it a system call and a task's wake-up in
each direction; together they share those.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from redis.asyncio import BlockingConnectionPool, RedisCluster
from redis.asyncio.connection import Connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

# Two, so that one is on its way while the other's replies are read; more would only be smaller.
FLIGHTS_MAX = 2
COMMANDS_A_FLIGHT_MAX = 128
# Beyond it a caller is told at once instead of waiting for what will be too late.
WAITING_MAX = 10_000

Lines = Callable[[], AbstractAsyncContextManager[Connection]]
_Sent = tuple[bytes, asyncio.Future[Any]]


class Lane:
    """The way to one node."""

    def __init__(self, lines: Lines, *, timeout_seconds: float) -> None:
        self._lines = lines
        self._timeout_seconds = timeout_seconds
        self._waiting: deque[_Sent] = deque()
        self._flights: set[asyncio.Task[None]] = set()
        self._flying = 0

    async def send(self, command: bytes) -> Any:
        """The reply to one packed command.

        ResponseError as the node answers it. RedisConnectionError where it may have been done or
        not: the connection broke, or the reply took longer than the time allowed.
        """
        if len(self._waiting) >= WAITING_MAX:
            raise RedisConnectionError("too many commands wait for the store")
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, reply))
        if self._flying < FLIGHTS_MAX:
            # It starts in the next turn of the loop, with all that this turn still sends.
            self._flying += 1
            flight = asyncio.create_task(self._fly())
            self._flights.add(flight)  # held, or it could be collected midway
            flight.add_done_callback(self._flights.discard)
        return await reply

    async def _fly(self) -> None:
        try:
            await self._send_waiting()
        finally:
            # At once, not when the task is seen to be done: who sends in between would be left.
            self._flying -= 1

    async def _send_waiting(self) -> None:
        while self._waiting:
            count = min(len(self._waiting), COMMANDS_A_FLIGHT_MAX)
            batch = [self._waiting.popleft() for _ in range(count)]
            replies = iter([reply for _, reply in batch])
            try:
                async with asyncio.timeout(self._timeout_seconds), self._lines() as line:
                    await line.send_packed_command(b"".join([sent for sent, _ in batch]), False)
                    await _read(line, replies)
            except Exception as error:  # noqa: BLE001 # each caller hears of it
                _fail(batch, error)
            except BaseException:
                _fail(batch, RedisConnectionError("the process ends"))
                raise


async def _read(line: Connection, replies: Iterator[asyncio.Future[Any]]) -> None:
    for reply in replies:
        try:
            result = await line.read_response(disable_decoding=True, disconnect_on_error=True)
        except ResponseError as error:
            if not reply.done():
                reply.set_exception(error)
        else:
            if not reply.done():
                reply.set_result(result)


def _fail(batch: list[_Sent], error: Exception) -> None:
    for _, reply in batch:
        if not reply.done():
            lost = RedisConnectionError(f"no reply: {error or type(error).__name__}")
            lost.__cause__ = error
            reply.set_exception(lost)


def lines_of_pool(pool: BlockingConnectionPool) -> Lines:
    """Connections to a standalone server."""

    @asynccontextmanager
    async def open_line() -> AsyncIterator[Connection]:
        line = await pool.get_connection()  # type: ignore[no-untyped-call]
        try:
            yield line
        except BaseException:
            # Replies may still be on their way: nobody else may read them.
            await line.disconnect(nowait=True)
            raise
        finally:
            await pool.release(line)

    return open_line


def lines_of_node(cluster: RedisCluster, name: str) -> Lines:
    """Connections to one node of a cluster, which may leave it."""

    @asynccontextmanager
    async def open_line() -> AsyncIterator[Connection]:
        node = cluster.get_node(node_name=name)
        if node is None:
            raise RedisConnectionError(f"{name} has left the cluster")
        line = node.acquire_connection()
        try:
            await node.disconnect_if_needed(line)
            await line.connect()  # type: ignore[no-untyped-call]
            yield line
        except BaseException:
            await line.disconnect(nowait=True)
            raise
        finally:
            node.release(line)

    return open_line
