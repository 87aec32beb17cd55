"""One client's connection under hypercorn's HTTP/1.1 protocol.

In the place of hypercorn's TCPServer, for its deadlines (a head, a stalled reader, an idle wait)
and its ending: after the last answer we shut our side and read on for a moment, since closing with
unread data makes the kernel send a reset that destroys the answer on its way (RFC 9112 §9.6).
"""

import asyncio
import contextlib
from typing import Any

import h11
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import ASGIWebsocketState, WSStream
from hypercorn.typing import AppWrapper, ConnectionState
from hypercorn.utils import parse_socket_addr
from wsproto.connection import ConnectionState as WebSocketState
from wsproto.utilities import ProtocolError as WebSocketProtocolError

from tiketi.services.server.engine import HEAD_BYTES_MAX, KEEP_ALIVE_SECONDS, LINGER_SECONDS
from tiketi.services.server.frames import TryText, offer, text_frame
from tiketi.services.server.strict_http import StrictConnection, render_refusal

READ_BYTES_MAX = 64 * 1024
HEAD_SECONDS = 10.0  # from a request's first byte to the end of its headers
WRITE_STALL_SECONDS = 30.0  # a client that does not read is dropped
LINGER_BYTES_MAX = 1024 * 1024
REQUEST_TIMEOUT = 408


class StrictH11Protocol(H11Protocol):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.connection = StrictConnection(HEAD_BYTES_MAX)

    async def refuse(self, status: int) -> None:
        """Answer a request that cannot be read, if no answer has begun."""
        if self.connection.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            await self._send_error_response(status)

    async def _check_protocol(self, event: h11.Request) -> None:
        """No HTTP/2 in clear text: it would go around everything that is checked here."""

    async def _send_error_response(self, status_code: int) -> None:
        status, headers, body = render_refusal(status_code)
        headers += self.config.response_headers("h11")
        await self._send_h11_event(h11.Response(status_code=status, headers=headers))
        await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())


class _OfferingText:
    """The application, told of ``ClientConnection.try_text``."""

    def __init__(self, app: AppWrapper, try_text: TryText) -> None:
        self._app = app
        self._try_text = try_text

    async def __call__(
        self, scope: Any, receive: Any, send: Any, sync_spawn: Any, call_soon: Any
    ) -> None:
        if scope["type"] == "websocket":
            offer(scope, self._try_text)
        await self._app(scope, receive, send, sync_spawn, call_soon)


class ClientConnection:
    def __init__(
        self,
        app: AppWrapper,
        config: Config,
        context: WorkerContext,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._app = _OfferingText(app, self.try_text)
        self._config = config
        self._context = context
        self._reader = reader
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._idle = True
        self._head_begun = False
        self._closing = False
        self._shut = False
        self._pending: list[bytes] = []
        self._refusal: asyncio.Task[None] | None = None  # held, or it could be collected midway
        self._protocol: StrictH11Protocol

    async def run(self) -> None:
        """Serve until either side has enough."""
        sock = self._writer.get_extra_info("socket")
        try:
            client = parse_socket_addr(sock.family, sock.getpeername())
            server = parse_socket_addr(sock.family, sock.getsockname())
            async with TaskGroup(self._loop) as group:
                self._protocol = StrictH11Protocol(
                    *(self._app, self._config, self._context, group, ConnectionState({})),
                    *(False, client, server, self._handle),
                )
                self._arm(KEEP_ALIVE_SECONDS)
                await self._read()
        except OSError:
            pass  # it left before we could ask who it is
        finally:
            self._flush()
            if self._timer is not None:
                self._timer.cancel()
            self._writer.close()

    def close_when_idle(self) -> None:
        """The service ends: what is idle goes now, the rest after its answer."""
        if self._idle:
            self._linger()

    def abort(self) -> None:
        """Cut it off, so that nothing waits for a client that does not read."""
        self._shut = True
        self._pending.clear()
        self._writer.transport.abort()

    def try_text(self, text: str) -> bool:
        """Write the text as a frame at once; False where only ASGI's way can tell what to do."""
        stream = self._protocol.stream
        if (
            self._closing
            or self._shut
            or self._pending
            or not isinstance(stream, WSStream)
            or stream.closed
            or stream.state is not ASGIWebsocketState.CONNECTED
            or stream.connection.state is not WebSocketState.OPEN
            or self._writer.transport.get_write_buffer_size()
        ):
            return False
        self._writer.write(text_frame(text))
        return True

    async def _read(self) -> None:
        discarded_bytes = 0
        while True:
            try:
                data = await self._reader.read(READ_BYTES_MAX)
            except OSError:
                break
            if not data:
                break
            if self._closing:
                discarded_bytes += len(data)
                if discarded_bytes > LINGER_BYTES_MAX:
                    break
                continue
            try:
                await self._protocol.handle(RawData(data))
            except WebSocketProtocolError:
                break  # not a frame; there is nothing to answer in
            if self._idle and not self._head_begun and not self._closing:
                self._head_begun = True
                self._arm(HEAD_SECONDS)
        await self._protocol.handle(Closed())

    async def _handle(self, event: Event) -> None:
        """What the protocol wants done on the wire."""
        if isinstance(event, RawData):
            try:
                await self._write(event.data)
            except (OSError, RuntimeError, TimeoutError):
                self._writer.transport.abort()
                await self._protocol.handle(Closed())
        elif isinstance(event, Closed):
            self._linger()
        elif isinstance(event, Updated):
            self._idle, self._head_begun = event.idle, False
            if self._idle:
                self._arm(KEEP_ALIVE_SECONDS)
            else:
                self._disarm()

    async def _write(self, data: bytes) -> None:
        """One system call and one packet for what is sent within a turn of the loop."""
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append(data)
        if self._writer.transport.get_write_buffer_size():
            self._flush()
            async with asyncio.timeout(WRITE_STALL_SECONDS):
                await self._writer.drain()

    def _flush(self) -> None:
        if self._pending and not self._shut:
            self._writer.write(b"".join(self._pending))
        self._pending.clear()

    def _linger(self) -> None:
        if self._closing:
            return
        self._disarm()
        self._closing = True
        self._flush()
        self._shut = True
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.write_eof()
        self._timer = self._loop.call_later(LINGER_SECONDS, self._writer.transport.abort)

    def _arm(self, seconds: float) -> None:
        self._disarm()
        if not self._closing:
            self._timer = self._loop.call_later(seconds, self._time_out)

    def _disarm(self) -> None:
        if self._timer is not None and not self._closing:
            self._timer.cancel()
            self._timer = None

    def _time_out(self) -> None:
        if self._head_begun:
            self._refusal = self._loop.create_task(self._refuse_slow_head())
        else:
            self._linger()

    async def _refuse_slow_head(self) -> None:
        await self._protocol.refuse(REQUEST_TIMEOUT)
        self._linger()
