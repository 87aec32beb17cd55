"""uvicorn's protocols under the same launcher: our strict parser, our lifespan, our drain."""

import asyncio
import socket
from email.utils import formatdate
from typing import Any

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from uvicorn.server import ServerState
from wsproto.connection import ConnectionState as WebSocketState

from tiketi.services.server.engine import (
    BACKLOG,
    HEAD_BYTES_MAX,
    KEEP_ALIVE_SECONDS,
    LINGER_SECONDS,
    Asgi,
)
from tiketi.services.server.frames import offer, text_frame
from tiketi.services.server.strict_http import StrictConnection, render_refusal
from tiketi.settings import Settings

IDLE_POLL_SECONDS = 0.05
ABORT_TIMEOUT_SECONDS = 1.0
DATE_SECONDS = 1.0  # the resolution of an HTTP date


class _StrictProtocol(H11Protocol):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.conn = StrictConnection(HEAD_BYTES_MAX)
        self._refused = False

    def data_received(self, data: bytes) -> None:
        if not self._refused:
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 # ours says it in JSON
        assert isinstance(self.conn, StrictConnection)
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            status, headers, body = render_refusal(self.conn.refused_status)
            for event in (
                h11.Response(status_code=status, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        # Read on for a moment: closing over unread data would destroy the answer on its way.
        self._refused = True
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)


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
        self._tick()
        self._server = await self._loop.create_server(
            lambda: _StrictProtocol(config=config, server_state=self._state, app_state={}),
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
        for connection in list(self._state.connections):
            connection.shutdown()

    async def wait_idle(self, timeout_seconds: float) -> bool:
        try:
            async with asyncio.timeout(timeout_seconds):
                while self._state.connections or self._state.tasks:  # noqa: ASYNC110 # has no event
                    await asyncio.sleep(IDLE_POLL_SECONDS)
        except TimeoutError:
            return False
        return True

    async def abort(self) -> None:
        for task in list(self._state.tasks):
            task.cancel()
        for connection in list(self._state.connections):
            connection.transport.abort()
        await self.wait_idle(ABORT_TIMEOUT_SECONDS)
