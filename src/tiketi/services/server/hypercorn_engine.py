"""hypercorn's HTTP and WebSocket protocols over our own connections; one worker a process."""

import asyncio
import logging
import socket
import time

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config

from tiketi.services.server.connection import ClientConnection
from tiketi.services.server.engine import (
    BACKLOG,
    Asgi,
)
from tiketi.settings import Settings

ABORT_TIMEOUT_SECONDS = 1.0
APP_QUEUE_MAX = 10  # messages read ahead of the application; then the socket waits


class _Config(Config):
    """Headers that every answer has, made once a second: the resolution of an HTTP date."""

    _made: tuple[int, list[tuple[bytes, bytes]]] = (0, [])

    def response_headers(self, protocol: str) -> list[tuple[bytes, bytes]]:
        second = int(time.monotonic())
        if self._made[0] != second:
            self._made = second, super().response_headers(protocol)
        return self._made[1]


class HypercornEngine:
    def __init__(self) -> None:
        self._config = _Config()
        self._context = WorkerContext(None)
        self._connections: dict[asyncio.Task[None], ClientConnection] = {}
        self._server: asyncio.Server | None = None

    async def start(self, app: Asgi, listener: socket.socket, settings: Settings) -> None:
        self._app = ASGIWrapper(app)  # type: ignore[arg-type]  # the same shape, in typed dictionaries
        config = self._config
        config.errorlog = logging.getLogger("tiketi.server")
        config.alpn_protocols = ["http/1.1"]
        config.include_date_header = True
        config.include_server_header = False
        config.max_app_queue_size = APP_QUEUE_MAX
        config.websocket_max_message_size = settings.body_bytes_max
        self._server = await asyncio.start_server(self._accept, sock=listener, backlog=BACKLOG)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connection = ClientConnection(self._app, self._config, self._context, reader, writer)
        self._connections[task] = connection
        try:
            await connection.run()
        finally:
            del self._connections[task]

    def announce_end(self) -> None:
        self._config.keep_alive_max_requests = 0

    async def stop_accepting(self) -> None:
        if self._server is not None:
            # Not wait_closed(): from Python 3.12 on it waits for every connection, without a bound.
            self._server.close()
        await self._context.terminated.set()
        for connection in list(self._connections.values()):
            connection.close_when_idle()

    async def wait_idle(self, timeout_seconds: float) -> bool:
        if self._connections:
            await asyncio.wait(list(self._connections), timeout=timeout_seconds)
        return not self._connections

    async def abort(self) -> None:
        for task, connection in list(self._connections.items()):
            # First, or what the application sends at its end would wait for the client again.
            connection.abort()
            task.cancel()
        await self.wait_idle(ABORT_TIMEOUT_SECONDS)
