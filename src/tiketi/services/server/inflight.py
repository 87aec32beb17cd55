"""Knows the open WebSockets, so that a service that ends can say so to each of them."""

import asyncio

from tiketi.services.server.engine import Asgi, Message, Receive, Scope, Send

RESTARTING = 1012  # IANA: service restart; clients connect again with jitter
CLOSE_AT_ONCE_MAX = 256


class _Socket:
    """One WebSocket as its application sees it; ``close`` ends it from outside."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._open = False
        self._ended = False

    async def receive(self) -> Message:
        return await self._receive()

    async def send(self, message: Message) -> None:
        if self._ended:
            return  # the application has not noticed yet
        if message["type"] == "websocket.accept":
            self._open = True
        elif message["type"] == "websocket.close":
            self._ended = True
        await self._send(message)

    async def close(self) -> None:
        if not self._open or self._ended:
            return
        self._ended = True
        await self._send({"type": "websocket.close", "code": RESTARTING, "reason": "restarting"})


class InFlight:
    def __init__(self, app: Asgi) -> None:
        self._app = app
        self._sockets: set[_Socket] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        watched = _Socket(receive, send)
        self._sockets.add(watched)
        try:
            await self._app(scope, watched.receive, watched.send)
        finally:
            self._sockets.discard(watched)

    async def close_sockets(self) -> None:
        """Close every open WebSocket with 1012; a client that is gone already is no error."""
        sockets = list(self._sockets)
        for start in range(0, len(sockets), CLOSE_AT_ONCE_MAX):
            batch = sockets[start : start + CLOSE_AT_ONCE_MAX]
            await asyncio.gather(*(each.close() for each in batch), return_exceptions=True)
