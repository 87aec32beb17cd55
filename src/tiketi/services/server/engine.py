"""What the launcher asks of an ASGI server. Signals, lifespan and drain are the launcher's own."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sized
from typing import Any, Protocol

from tiketi.settings import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

BACKLOG = 2048  # connections that wait for accept; the kernel's somaxconn caps it
KEEP_ALIVE_SECONDS = 75.0  # longer than the 60 of an ALB, so that we never close under its request
HEAD_BYTES_MAX = 16 * 1024  # request line and headers; beyond: 431
IDLE_POLL_SECONDS = 0.05
ABORT_TIMEOUT_SECONDS = 1.0
LINGER_SECONDS = 1.0  # for a client to take a last answer before its connection goes


class ServerError(Exception):
    """The service cannot be served; the text says why."""


class Engine(Protocol):
    async def start(self, app: Asgi, listener: socket.socket, settings: Settings) -> None:
        """Accept connections from now on."""
        ...

    def announce_end(self) -> None:
        """From now on every answer asks its client to connect anew."""
        ...

    async def stop_accepting(self) -> None:
        """Refuse new connections; those that are open go on."""
        ...

    def close_idle(self) -> None:
        """Close connections that wait for a request, and each other one after its answer."""
        ...

    async def wait_idle(self, timeout_seconds: float) -> bool:
        """Whether the last connection ended in time."""
        ...

    async def abort(self) -> None:
        """Cancel what is left and drop its connections."""
        ...


async def wait_until_empty(*collections: Sized, timeout_seconds: float) -> bool:
    """Whether all of them were, in time; connections and tasks tell nobody of their last one."""
    try:
        async with asyncio.timeout(timeout_seconds):
            while any(collections):  # noqa: ASYNC110 # they have no event
                await asyncio.sleep(IDLE_POLL_SECONDS)
    except TimeoutError:
        return False
    return True
