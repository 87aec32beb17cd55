"""A small HTTP server that hands each request to a function, for what is sent over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


# The status, or the status and a JSON body.
Handle = Callable[[Received], Awaitable[int | tuple[int, object]]]


@asynccontextmanager
async def open_receiver(handle: Handle) -> AsyncIterator[int]:
    """Yield the port. ``handle`` answers the status; each connection takes one request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            lines = (line.partition(":") for line in head[1:] if line)
            headers = {name.lower(): value.strip() for name, _, value in lines}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            method, path, _ = head[0].split()
            answer = await handle(Received(method, path, headers, body))
            status, said = answer if isinstance(answer, tuple) else (answer, None)
            content = b"" if said is None else orjson.dumps(said)
            writer.write(
                f"HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\n"
                f"content-length: {len(content)}\r\nconnection: close\r\n\r\n".encode()
                + content
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the sender lost its patience, which is what some tests are about
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
