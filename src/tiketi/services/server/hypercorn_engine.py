"""hypercorn's HTTP and WebSocket protocols over our own connections; one worker a process."""

import asyncio
import logging
import socket
import time

from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config

from tiketi.services.server.connection import ClientConnection, Shared
from tiketi.services.server.engine import (
    ABORT_TIMEOUT_SECONDS,
    BACKLOG,
    Asgi,
    wait_until_empty,
)
from tiketi.services.server.outbox import Outbox
from tiketi.settings import Settings


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
        self._server: asyncio.Server | None = None

    async def start(self, app: Asgi, listener: socket.socket, settings: Settings) -> None:
        config = self._config
        config.errorlog = logging.getLogger("tiketi.server")
        config.include_date_header = True
        config.include_server_header = False
        config.websocket_max_message_size = settings.body_bytes_max
        loop = asyncio.get_running_loop()
        self._shared = Shared(app, config, WorkerContext(None), Outbox(loop))
        self._server = await loop.create_server(
            lambda: ClientConnection(self._shared, loop), sock=listener, backlog=BACKLOG
        )

    def announce_end(self) -> None:
        self._config.keep_alive_max_requests = 0

    async def stop_accepting(self) -> None:
        if self._server is not None:
            # Not wait_closed(): from Python 3.12 on it waits for every connection, without a bound.
            self._server.close()

    def close_idle(self) -> None:
        for connection in list(self._shared.connections):
            connection.close_when_idle()

    async def wait_idle(self, timeout_seconds: float) -> bool:
        return await wait_until_empty(
            self._shared.connections, self._shared.tasks, timeout_seconds=timeout_seconds
        )

    async def abort(self) -> None:
        for connection in list(self._shared.connections):
            # First, or what the application sends at its end would wait for the client again.
            connection.abort()
        for task in list(self._shared.tasks):
            task.cancel()
        await self.wait_idle(ABORT_TIMEOUT_SECONDS)
