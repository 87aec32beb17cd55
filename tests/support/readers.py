"""Many who read at once, through the whole application and no socket."""

import asyncio
from dataclasses import dataclass

from tiketi.events.api import Event
from tiketi.services.app import App

API = "/api/v1"


@dataclass
class Reply:
    status: int = 0
    headers: dict[str, str] | None = None
    body: bytes = b""


def paths_of(event: Event) -> dict[str, str]:
    """The five public reads of an event, below /api/v1."""
    return {
        "list": "/events",
        "search": "/events?q=concert",
        "detail": f"/events/{event.id}",
        "seats": f"/events/{event.id}/seats",
        "availability": f"/events/{event.id}/availability",
    }


async def read(app: App, path: str, **headers: str) -> Reply:
    """GET of a path below /api/v1, its query included."""
    place, _, query = path.partition("?")
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": API + place,
        "query_string": query.encode(),
        "headers": raw,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
    }
    reply = Reply()

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            found = message["headers"]
            reply.headers = {name.decode(): value.decode() for name, value in found}
        else:
            reply.body += message["body"]

    await app(scope, receive, send)
    return reply


async def read_at_once(apps: list[App], path: str, readers: int) -> list[Reply]:
    """Each of ``readers``, spread over the applications."""
    return await asyncio.gather(*(read(apps[turn % len(apps)], path) for turn in range(readers)))
