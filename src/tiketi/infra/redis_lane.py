"""Commands of one turn of the loop travel together, on one connection that is never lent out.

By redis-py a command that is sent alone costs a process some 100 µs: a connection taken from its
pool and given back, a task that waits for the reply, two timers. redis-py opens the connections,
with all that it knows of addresses, TLS and passwords; the lane writes and reads them itself.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

from hiredis import PushNotification, Reader
from redis._parsers.base import BaseParser  # its classes of errors, by their first word
from redis.asyncio import BlockingConnectionPool, RedisCluster
from redis.asyncio.connection import Connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse

KEEPER = "redis-line"  # the name of a connection's task
# Writes that are not answered yet. A write costs the process and the node more than the commands in
# it, and the node answers one after the other: what comes meanwhile had better come together.
FLIGHTS_MAX = 2
COMMANDS_A_FLIGHT_MAX = 128
# Beyond it a caller is told at once instead of waiting for what will be too late.
WAITING_MAX = 10_000

Lines = Callable[[], AbstractAsyncContextManager[Connection]]
_Reply = asyncio.Future[Any]
_NO_MORE = object()


class Lane:
    """The way to one node: a connection, opened when it is needed and after it broke."""

    def __init__(self, lines: Lines, *, timeout_seconds: float) -> None:
        self._lines = lines
        self._timeout_seconds = timeout_seconds
        self._waiting: deque[tuple[bytes, _Reply]] = deque()
        self._is_due = False
        self._line: _Line | None = None
        self._keeper: asyncio.Task[None] | None = None

    def send(self, command: bytes) -> "asyncio.Future[Any]":
        """The reply to one packed command.

        ResponseError as the node answers it. RedisConnectionError where it may have been done or
        not: the connection broke, or the reply took longer than the time allowed.
        """
        if len(self._waiting) >= WAITING_MAX:
            raise RedisConnectionError("too many commands wait for the store")
        reply: _Reply = asyncio.get_running_loop().create_future()
        self._waiting.append((command, reply))
        self._send_soon()
        return reply

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    def _send_soon(self) -> None:
        """In the next turn of the loop, with all that this turn still sends."""
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._send_waiting)

    def _send_waiting(self) -> None:
        self._is_due = False
        if self._line is not None:
            self._line.send(self._waiting)
        elif self._waiting and self._keeper is None:
            self._keeper = asyncio.create_task(self._keep_line(), name=KEEPER)

    async def _keep_line(self) -> None:
        """One connection from its opening to its end; who has no reply by then hears of it."""
        try:
            async with asyncio.timeout(self._timeout_seconds) as opening, self._lines() as opened:
                opening.reschedule(None)
                self._line = _Line(opened, self._send_soon, self._timeout_seconds)
                self._line.send(self._waiting)
                raise await self._line.ended
        except Exception as error:  # noqa: BLE001 # each caller hears of it
            if self._line is None:
                self._fail_waiting(error)
            else:
                self._line.fail(error)
        except BaseException:
            left = RedisConnectionError("the process ends")
            if self._line is not None:
                self._line.fail(left)
            self._fail_waiting(left)
            raise
        finally:
            self._line = self._keeper = None
        # Those that had not been sent when it broke, on another.
        self._send_soon()

    def _fail_waiting(self, error: BaseException) -> None:
        while self._waiting:
            _fail(self._waiting.popleft()[1], error)


class _Line(asyncio.Protocol):
    """One connection that redis-py has opened. ``ended`` says why it is of no more use."""

    def __init__(
        self, opened: Connection, land: Callable[[], None], timeout_seconds: float
    ) -> None:
        writer: Any = opened._writer  # noqa: SLF001 # its own way to read costs what this one saves
        self._transport: asyncio.Transport = writer.transport
        if self._transport.is_closing():
            raise RedisConnectionError("the connection was closed")
        # Who closes the connection by way of redis-py waits for this one to hear of it.
        self._opener = cast("asyncio.Protocol", self._transport.get_protocol())
        self._transport.set_protocol(self)
        self._land = land
        self._timeout_seconds = timeout_seconds
        self._reader = Reader(
            protocolError=InvalidResponse,
            replyError=BaseParser.parse_error,
            notEnoughData=_NO_MORE,
        )
        self._unanswered: deque[tuple[float, _Reply]] = deque()  # with the end of its time
        self._sent = self._answered = 0
        # How many were sent with each write that is on its way, and all before it.
        self._flights: deque[int] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self.ended: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    def send(self, waiting: "deque[tuple[bytes, _Reply]]") -> None:
        """Those in front in one write, unless too many writes are on their way: then later."""
        if not waiting or len(self._flights) >= FLIGHTS_MAX or self.ended.done():
            return
        until = asyncio.get_running_loop().time() + self._timeout_seconds
        commands: list[bytes] = []
        while waiting and len(commands) < COMMANDS_A_FLIGHT_MAX:
            command, reply = waiting.popleft()
            if not reply.done():
                commands.append(command)
                self._unanswered.append((until, reply))
        if not commands:
            return
        self._sent += len(commands)
        self._flights.append(self._sent)
        self._transport.write(b"".join(commands))
        if self._watch is None:
            self._look()

    def data_received(self, data: bytes) -> None:
        if self.ended.done():
            return  # too late: who asked was told so
        reader, unanswered = self._reader, self._unanswered
        reader.feed(data)
        while (found := reader.gets(False)) is not _NO_MORE:
            if isinstance(found, PushNotification):
                continue
            _, reply = unanswered.popleft()
            self._answered += 1
            if reply.done():
                continue
            if isinstance(found, Exception):
                reply.set_exception(found)
            else:
                reply.set_result(found)
        if self._flights and self._flights[0] <= self._answered:
            while self._flights and self._flights[0] <= self._answered:
                self._flights.popleft()
            self._land()

    def connection_lost(self, error: Exception | None) -> None:
        self._opener.connection_lost(error)
        self._give_up(error or RedisConnectionError("the connection was closed"))

    def fail(self, error: BaseException) -> None:
        """Whoever has no reply hears that there will be none."""
        if self._watch is not None:
            self._watch.cancel()
        while self._unanswered:
            _fail(self._unanswered.popleft()[1], error)

    def _look(self) -> None:
        """Whether the oldest has waited for too long; and again when it will have."""
        self._watch = None
        if not self._unanswered or self.ended.done():
            return
        loop, until = asyncio.get_running_loop(), self._unanswered[0][0]
        if until <= loop.time():
            self._give_up(RedisConnectionError("no reply in time"))
        else:
            self._watch = loop.call_at(until, self._look)

    def _give_up(self, error: Exception) -> None:
        if not self.ended.done():
            self.ended.set_result(error)


def _fail(reply: _Reply, error: BaseException) -> None:
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
        finally:
            # Replies may still be on their way: nobody else may read them.
            await line.disconnect(nowait=True)
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
            await line.connect()  # type: ignore[no-untyped-call]
            yield line
        finally:
            await line.disconnect(nowait=True)
            node.release(line)

    return open_line
