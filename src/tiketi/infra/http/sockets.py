"""WebSocket endpoints as data, and what every one of them has: an id, an end, and one log line."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from tiketi.infra.middleware.request import Scope, request_id_of
from tiketi.infra.runtime import Runtime
from tiketi.kernel.ids import parse_id

log = structlog.get_logger("tiketi.socket")

# Close codes: RFC 6455 §7.4.1, and IANA's registry of WebSocket close codes.
POLICY = 1008
TOO_BIG = 1009
BROKE = 1011
RESTARTING = 1012
TRY_LATER = 1013
_GONE = 1006  # no close frame came; only ever written to the log
CLOSE_SECONDS = 5.0  # for a client to take the close
# In a scope's extensions: writes a text at once, or says that it cannot. The server offers it.
TEXT_EXTENSION = "tiketi.text"


class SocketGone(Exception):
    """The client has left."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the client left with {code}")
        self.code = code


@dataclass(slots=True)
class SocketCall:
    """One WebSocket, accepted, as its handler sees it."""

    runtime: Runtime
    request_id: str
    scope: Scope
    receive_message: Callable[[], Awaitable[Any]]
    send_message: Callable[[Any], Awaitable[None]]
    try_text: Callable[[str], bool] | None = None
    user_id: UUID | None = None

    def path_id(self, name: str) -> UUID | None:
        """The UUID in the path; None for a malformed one, which names nothing."""
        return parse_id(self.scope["path_params"][name])

    async def receive(self) -> bytes:
        """The next message; SocketGone once the client left."""
        message = await self.receive_message()
        if message["type"] != "websocket.receive":
            raise SocketGone(message.get("code") or _GONE)
        text = message.get("text")
        return message.get("bytes") or b"" if text is None else text.encode()

    async def send(self, text: str) -> None:
        if self.try_text is None or not self.try_text(text):
            await self.send_message({"type": "websocket.send", "text": text})


SocketHandler = Callable[[SocketCall], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class SocketEndpoint:
    """``handler`` answers the code to close with; it raises SocketGone when the client left."""

    path: str
    handler: SocketHandler


class SocketDispatch:
    """The ASGI application of one endpoint. It accepts first, so that clients see the code."""

    def __init__(self, runtime: Runtime, endpoint: SocketEndpoint) -> None:
        self._runtime = runtime
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        await receive()  # websocket.connect
        try_text = scope.get("extensions", {}).get(TEXT_EXTENSION)
        call = SocketCall(self._runtime, request_id_of(scope), scope, receive, send, try_text)
        started = time.perf_counter()
        code = _GONE
        try:
            headers = [(b"x-request-id", call.request_id.encode())]
            await send({"type": "websocket.accept", "headers": headers})
            code = await self._handle(call)
            await _close(call, code)
        except SocketGone as gone:
            code = gone.code
        except OSError:
            log.debug("socket_lost", request_id=call.request_id)
        finally:
            self._record(call, code, time.perf_counter() - started)

    async def _handle(self, call: SocketCall) -> int:
        try:
            return await self._endpoint.handler(call)
        except (SocketGone, OSError):
            raise
        except Exception:  # a bug: logged whole, and the client is told that it was ours
            log.exception("socket_broke", request_id=call.request_id)
            return BROKE

    def _record(self, call: SocketCall, code: int, seconds: float) -> None:
        log.info(
            "socket",
            service=self._runtime.service,
            request_id=call.request_id,
            path=call.scope["path"],
            route=self._endpoint.path,
            code=code,
            duration_ms=round(seconds * 1000, 2),
            user_id=str(call.user_id) if call.user_id else None,
        )


async def _close(call: SocketCall, code: int) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await call.send_message({"type": "websocket.close", "code": code})
