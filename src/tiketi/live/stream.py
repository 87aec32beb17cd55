"""The same messages as server-sent events (WHATWG HTML §9.2)."""

import random
from typing import Any
from uuid import UUID

from starlette.responses import Response

from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor
from tiketi.live.connection import Connection
from tiketi.live.hubs import Hubs
from tiketi.live.messages import Message
from tiketi.live.metrics import CONNECTIONS
from tiketi.queue.api import Receipt

MEDIA_TYPE = "text/event-stream"
# When a client comes back after the stream ended: not all of them at once.
RETRY_MS_MIN = 1_000
RETRY_MS_MAX = 5_000
_LEFT = 1
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class EventStream(Response):
    """Lasts until the client leaves or the connection is ended."""

    def __init__(
        self, runtime: Runtime, actor: Actor, event_id: UUID, shown: Receipt | None
    ) -> None:
        super().__init__()
        self._runtime = runtime
        self._actor = actor
        self._event_id = event_id
        self._shown = shown

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        is_head = scope["method"] == "HEAD"
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if not is_head:
            await self._follow(receive, send)
        await send({"type": "http.response.body", "body": b""})

    async def _follow(self, receive: Any, send: Any) -> None:
        sent = 0

        async def deliver(message: Message) -> None:
            nonlocal sent
            sent += 1
            event = f"event: {message.kind}\ndata: {message.text}\nid: {sent}\n\n"
            await send({"type": "http.response.body", "body": event.encode(), "more_body": True})

        async def listen() -> int:
            while (await receive())["type"] != "http.disconnect":
                pass
            return _LEFT

        retry_ms = random.randint(RETRY_MS_MIN, RETRY_MS_MAX)  # noqa: S311 # guards nothing
        start = f"retry: {retry_ms}\n\n".encode()
        await send({"type": "http.response.body", "body": start, "more_body": True})
        hubs = self._runtime.one(Hubs)
        connection = Connection(self._actor, self._event_id, deliver, hubs.postman, self._shown)
        with CONNECTIONS.labels("stream").track_inprogress():
            hubs.attach(connection)
            try:
                await connection.run(listen)
            finally:
                hubs.detach(connection)
