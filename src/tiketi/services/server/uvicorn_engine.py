"""uvicorn's protocols under the same launcher: our strict parser, our lifespan, our drain."""

import asyncio
import socket
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, cast
from urllib.parse import unquote

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from uvicorn.server import ServerState
from wsproto.connection import ConnectionState as WebSocketState

from tiketi.services.server.answers import Answer
from tiketi.services.server.engine import (
    ABORT_TIMEOUT_SECONDS,
    BACKLOG,
    KEEP_ALIVE_SECONDS,
    LINGER_SECONDS,
    Asgi,
    wait_until_empty,
)
from tiketi.services.server.frames import offer, text_frame
from tiketi.services.server.heads import RequestHead, RequestRefused
from tiketi.services.server.outbox import Outbox
from tiketi.services.server.strict_http import (
    HEAD_SECONDS,
    HeadersTooSlow,
    RequestParser,
    render_refusal,
)
from tiketi.settings import Settings

DATE_SECONDS = 1.0  # the resolution of an HTTP date
BODY_WAITING_BYTES_MAX = 64 * 1024  # that the application has not received; then the socket waits


class _Cycle(RequestResponseCycle):
    """uvicorn's request and answer, the answer written by ours: in one piece, framed as its head
    says.
    """

    def __init__(self, head: RequestHead, outbox: Outbox, **options: Any) -> None:
        super().__init__(
            expect_100_continue=head.expects_continue, keep_alive=head.keep_alive, **options
        )
        self._answer = Answer(head)
        self._outbox = outbox

    async def send(self, message: Any) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.response_complete or self.response_started == message["type"].endswith(".start"):
            raise RuntimeError(f"unexpected {message['type']}")
        answer = self._answer
        if not self.response_started:
            headers = [*self.default_headers, *message.get("headers", ())]
            answer.begin(message["status"], headers, last=not self.keep_alive)
            self.response_started, self.waiting_for_100_continue = True, False
            return
        written = answer.body(message.get("body", b""))
        if message.get("more_body", False):
            self._outbox.write(self.transport, written)
            return
        written += answer.end()
        self.response_complete, self.keep_alive = True, answer.keep_alive
        self.message_event.set()
        if self.keep_alive:
            self._outbox.put(self.transport, written)
        else:
            self._outbox.write(self.transport, written)
            self.transport.close()
        self.on_response()


class _StrictProtocol(HttpToolsProtocol):
    """uvicorn's protocol behind our parser: one request at a time, and none that is ambiguous."""

    def __init__(self, outbox: Outbox, **options: Any) -> None:
        super().__init__(**options)
        self._outbox = outbox
        self.parser = None  # type: ignore[assignment]  # ours parses
        self._strict = RequestParser(self)
        self._refused = False
        self._head_timed = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._time(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def eof_received(self) -> None:
        self._outbox.flush()  # what follows closes the connection

    def data_received(self, data: bytes) -> None:
        if not self._refused:
            self._parse(data)

    def _time(self, seconds: float, then: Callable[[], None]) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(seconds, then)

    def _parse(self, data: bytes | None) -> None:
        try:
            if data is None:
                self._strict.start_next()
            else:
                self._strict.feed(data)
        except RequestRefused as refused:
            self._refuse(refused.status)
            return
        if self._strict.head_begun and not self._head_timed:
            self._head_timed = True
            self._time(HEAD_SECONDS, lambda: self._refuse(HeadersTooSlow.status))
        if self._strict.ended and self._strict.has_unread:
            self.flow.pause_reading()  # the next request waits for this one's answer

    def on_request(self, head: RequestHead) -> None:
        self._unset_keepalive_if_required()
        self._head_timed = False
        path, _, query = head.target.partition(b"?")
        root = self.root_path
        self.on_message_begin()
        self.scope |= {
            "method": head.method,
            "http_version": head.version,
            "path": root + unquote(path.decode("ascii")),
            "raw_path": root.encode("ascii") + path,
            "query_string": query,
            "headers": head.headers,
        }
        self.url = head.target
        if head.wants_websocket:
            self.headers = head.headers
            rest = self._strict.take_rest()
            self.handle_websocket_upgrade()
            if rest:
                cast("asyncio.Protocol", self.transport.get_protocol()).data_received(rest)
            return
        self.cycle = _Cycle(
            head,
            self._outbox,
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            on_response=self.on_response_complete,
        )
        self._start_asgi_task(self.cycle, self.app)

    def on_body_part(self, data: bytes) -> None:
        self.cycle.waiting_for_100_continue = False
        if self.cycle.response_complete:
            return
        self.cycle.body += data
        if len(self.cycle.body) > BODY_WAITING_BYTES_MAX:
            self.flow.pause_reading()
        self.cycle.message_event.set()

    def on_request_end(self) -> None:
        self.cycle.waiting_for_100_continue = False
        self.cycle.more_body = False
        self.cycle.message_event.set()

    def on_response_complete(self) -> None:
        if self.cycle.keep_alive and not self._strict.ended:
            self._linger()  # the rest of its body is not ours to read as a request
        super().on_response_complete()
        if self.cycle.keep_alive and not self._refused and not self.transport.is_closing():
            self._parse(None)

    def _refuse(self, status: int) -> None:
        """Answer a request that cannot be read, if no answer has begun."""
        cycle = self.cycle
        if self._strict.in_body and cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.abort()
                return
        answer = Answer(RequestHead("GET", b"/", "1.1", [], 0, *(False,) * 4))
        status, headers, body = render_refusal(status)
        answer.begin(status, headers + self.server_state.default_headers, last=True)
        self._outbox.write(self.transport, answer.body(body))
        self._linger()

    def _linger(self) -> None:
        """Read on for a moment: closing over unread data would destroy the answer on its way."""
        self._unset_keepalive_if_required()
        self._refused = True
        self._outbox.flush()
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)
        self.flow.resume_reading()


class _FramingProtocol(WSProtocol):
    """uvicorn's WebSockets, with a way past ASGI (frames.py)."""

    async def run_asgi(self) -> None:
        offer(self.scope, self._try_text)
        await super().run_asgi()

    def _try_text(self, text: str) -> bool:
        if (
            self.close_sent
            or self.disconnected
            or self.conn.state is not WebSocketState.OPEN
            or not self.writable.is_set()
            or self.transport.is_closing()
        ):
            return False
        self.transport.write(text_frame(text))
        return True


class UvicornEngine:
    def __init__(self) -> None:
        self._state = ServerState()
        self._ending = False
        self._server: asyncio.Server | None = None

    async def start(self, app: Asgi, listener: socket.socket, settings: Settings) -> None:
        config = Config(
            app,
            http=_StrictProtocol,
            ws=_FramingProtocol,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Whom we trust to name a client is a setting of ours (infra/http/identity.py).
            proxy_headers=False,
            timeout_keep_alive=int(KEEP_ALIVE_SECONDS),
            ws_max_size=settings.body_bytes_max,
            ws_per_message_deflate=False,
        )
        config.load()
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(self._loop)
        self._tick()
        self._server = await self._loop.create_server(
            lambda: _StrictProtocol(
                self._outbox, config=config, server_state=self._state, app_state={}
            ),
            sock=listener,
            backlog=BACKLOG,
        )

    def _tick(self) -> None:
        """Once a second, the headers of every answer."""
        headers = [(b"date", formatdate(usegmt=True).encode())]
        if self._ending:
            headers.append((b"connection", b"close"))
        self._state.default_headers[:] = headers
        self._ticker = self._loop.call_later(DATE_SECONDS, self._tick)

    def announce_end(self) -> None:
        self._ending = True
        self._ticker.cancel()
        self._tick()

    async def stop_accepting(self) -> None:
        if self._server is not None:
            self._server.close()

    def close_idle(self) -> None:
        self._outbox.flush()
        for connection in list(self._state.connections):
            connection.shutdown()

    async def wait_idle(self, timeout_seconds: float) -> bool:
        state = self._state
        return await wait_until_empty(
            state.connections, state.tasks, timeout_seconds=timeout_seconds
        )

    async def abort(self) -> None:
        for task in list(self._state.tasks):
            task.cancel()
        for connection in list(self._state.connections):
            connection.transport.abort()
        await self.wait_idle(ABORT_TIMEOUT_SECONDS)
