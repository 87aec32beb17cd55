"""What a connection's application is to receive, in the shape of hypercorn's task group.

Putting never waits, unlike hypercorn's queue: whoever reads the socket looks at ``full`` and stops.
That way a stream takes what the socket gave within the call that gave it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from hypercorn.config import Config

from tiketi.services.server.engine import Asgi, Message, Scope
from tiketi.services.server.frames import TryText, offer

WAITING_MAX = 10  # messages read ahead of the application; then the socket waits
WAITING_BYTES_MAX = 64 * 1024

Done = Callable[[Message | None], Awaitable[None]]


class Inbox:
    """``on_receive`` is called whenever the application asks for the next message."""

    __slots__ = ("_bytes", "_messages", "_on_receive", "_waiter")

    def __init__(self, on_receive: Callable[[], None]) -> None:
        self._messages: deque[Message] = deque()
        self._bytes = 0
        self._waiter: asyncio.Future[None] | None = None
        self._on_receive = on_receive

    @property
    def full(self) -> bool:
        return len(self._messages) >= WAITING_MAX or self._bytes >= WAITING_BYTES_MAX

    async def put(self, message: Message) -> None:
        self.put_now(message)

    def put_now(self, message: Message) -> None:
        self._messages.append(message)
        self._bytes += _size(message)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def receive(self) -> Message:
        while not self._messages:
            self._on_receive()
            if self._messages:
                break  # reading on brought it
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        self._waiter = None
        message = self._messages.popleft()
        self._bytes -= _size(message)
        self._on_receive()
        return message


def _size(message: Message) -> int:
    return len(message.get("body") or message.get("text") or message.get("bytes") or b"")


class AppTasks:
    """Stands where hypercorn's TaskGroup does, for one connection's streams."""

    __slots__ = ("_on_receive", "_tasks", "_try_text", "inbox")

    def __init__(
        self,
        tasks: set[asyncio.Task[None]],
        on_receive: Callable[[], None],
        try_text: TryText,
    ) -> None:
        self._tasks = tasks
        self._on_receive = on_receive
        self._try_text = try_text
        self.inbox: Inbox | None = None

    async def spawn_app(self, app: Any, config: Config, scope: Any, send: Done) -> Any:
        """As hypercorn's: the application in a task; returned is what it receives through."""
        if scope["type"] == "websocket":
            offer(scope, self._try_text)
        self.inbox = inbox = Inbox(self._on_receive)
        self.spawn(_run, app, config, scope, inbox.receive, send)
        return inbox.put

    def spawn(self, function: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
        task = asyncio.get_running_loop().create_task(function(*arguments))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _run(app: Asgi, config: Config, scope: Scope, receive: Any, send: Done) -> None:
    try:
        await app(scope, receive, send)
    except Exception:  # noqa: BLE001 # whatever it is, this request alone has failed
        await config.log.exception("Error in ASGI Framework")
    finally:
        await send(None)
