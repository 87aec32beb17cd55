"""The least that a server of WebSockets does: the same bytes to everybody, again and again.

`python -m bench.queue.floor <port> <file of one frame> <clients>`. No framework, no mailbox, no
answer but to the handshake: what is left is the event loop and one system call a message.
"""

import asyncio
import base64
import hashlib
import sys
from pathlib import Path
from typing import Any

import uvloop

from bench.queue.crowd import raise_file_limit

# RFC 6455 §1.3
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY = b"sec-websocket-key: "
REST_SECONDS = 0.001


class Listener(asyncio.Protocol):
    def __init__(self, everybody: list[Any]) -> None:
        self._everybody = everybody
        self._is_open = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._is_open:
            return
        self._is_open = True
        start = data.lower().index(_KEY) + len(_KEY)
        key = data[start : data.index(b"\r\n", start)]
        accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324 # the protocol's
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self._everybody.append(self._transport)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._transport in self._everybody:
            self._everybody.remove(self._transport)


async def _push(port: int, frame: bytes, clients: int) -> None:
    everybody: list[Any] = []
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Listener(everybody), "127.0.0.1", port, backlog=2048)
    while len(everybody) < clients:  # noqa: ASYNC110 # has no event
        await asyncio.sleep(REST_SECONDS)
    while True:
        wrote = False
        for transport in everybody:  # changes between the rounds only
            # Two messages in one system call would be less than a floor.
            if not transport.get_write_buffer_size():
                transport.write(frame)
                wrote = True
        await asyncio.sleep(0 if wrote else REST_SECONDS)


if __name__ == "__main__":
    raise_file_limit()
    uvloop.run(_push(int(sys.argv[1]), Path(sys.argv[2]).read_bytes(), int(sys.argv[3])))
