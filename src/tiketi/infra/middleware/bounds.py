"""No body is larger than its cap, none takes longer than its deadline, none is left unread."""

import asyncio
from typing import Any

from tiketi.infra.http.errors import BodyTooLarge, BodyTooSlow
from tiketi.infra.middleware.request import Asgi, Scope
from tiketi.kernel.errors import TiketiError

# For the rest of a body that nobody asked for; it is under way, if it comes at all.
UNREAD_SECONDS_MAX = 1.0


class BodyBounds:
    """Raises BodyTooLarge or BodyTooSlow out of ``receive``, whoever reads the body.

    A call refused for its head alone would leave its body on the connection, and a server closes
    such a connection without a word while the client believes that it is kept alive. So what was
    not read is read before the answer; where that cannot be, the answer says ``close``.
    """

    def __init__(self, app: Asgi, *, bytes_max: int, seconds_max: float) -> None:
        self._app = app
        self._bytes_max = bytes_max
        self._seconds_max = seconds_max

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        body = _Body(receive, self._bytes_max, self._seconds_max)

        async def send_after_body(message: Any) -> None:
            if message["type"] == "http.response.start":
                await _settle(scope, body)
            await send(message)

        try:
            await self._app(scope, body.receive, send_after_body)
        except TiketiError:
            await _settle(scope, body)
            raise


class _Body:
    """One request's body on its way in."""

    def __init__(self, receive: Any, bytes_max: int, seconds_max: float) -> None:
        self._receive = receive
        self._bytes_max, self._seconds_max = bytes_max, seconds_max
        self._deadline: float | None = None
        self._received_bytes = 0
        self._refused = False
        self.complete = False

    async def receive(self) -> Any:
        if self.complete:
            return await self._receive()
        now = asyncio.get_running_loop().time()
        self._deadline = self._deadline or now + self._seconds_max
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            self._refused = True
            raise BodyTooSlow from error
        self._received_bytes += len(message.get("body", b""))
        if self._received_bytes > self._bytes_max:
            self._refused = True
            raise BodyTooLarge(f"A body may have at most {self._bytes_max} bytes.")
        self.complete = not message.get("more_body", False)
        return message

    async def discard(self) -> None:
        """Read to the end, if that is near."""
        try:
            async with asyncio.timeout(UNREAD_SECONDS_MAX):
                while not (self.complete or self._refused):
                    await self.receive()
        except (BodyTooLarge, BodyTooSlow, TimeoutError):
            return


async def _settle(scope: Scope, body: _Body) -> None:
    if body.complete:
        return
    await body.discard()
    if not body.complete:
        scope["tiketi.headers"].append((b"connection", b"close"))


def _has_body(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            return True
    return False
