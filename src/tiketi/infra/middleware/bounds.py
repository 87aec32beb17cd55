"""No body is larger than its cap, none takes longer than its deadline."""

import asyncio
from typing import Any

from tiketi.infra.http.errors import BodyTooLarge, BodyTooSlow
from tiketi.infra.middleware.request import Asgi, Scope


class BodyBounds:
    """Raises BodyTooLarge or BodyTooSlow out of ``receive``, whoever reads the body."""

    def __init__(self, app: Asgi, *, bytes_max: int, seconds_max: float) -> None:
        self._app = app
        self._bytes_max = bytes_max
        self._seconds_max = seconds_max

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        deadline: float | None = None
        received_bytes = 0
        complete = False

        async def bounded() -> Any:
            nonlocal deadline, received_bytes, complete
            if complete:
                return await receive()
            now = asyncio.get_running_loop().time()
            deadline = deadline or now + self._seconds_max
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError as error:
                raise BodyTooSlow from error
            received_bytes += len(message.get("body", b""))
            if received_bytes > self._bytes_max:
                raise BodyTooLarge(f"A body may have at most {self._bytes_max} bytes.")
            complete = not message.get("more_body", False)
            return message

        await self._app(scope, bounded, send)
