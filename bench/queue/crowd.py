"""Thousands of WebSocket clients in one process of their own, as cheap as they can be.

The handshake is written by hand, a message's frame is only looked at for its length, and the
process answers a few questions over a pipe: nothing here may be slower than the server measured.
"""

import asyncio
import multiprocessing
import resource
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import orjson
import uvloop

CONNECTING_MAX = 256
CONNECT_SECONDS = 60.0
ADMITTED = b'{"type":"queue.admitted"'
POSITION = b'{"type":"queue.position"'
_END_OF_HEAD = b"\r\n\r\n"
_PING, _PONG = 0x9, 0xA
_HEAD_BYTES_MIN = 2
_LEN_16, _LEN_64 = 126, 127
# A client's frames are masked (RFC 6455 §5.3); by a mask of zeros the bytes stay what they are.
_NO_MASK = b"\0\0\0\0"


def raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def masked_frame(opcode: int, payload: bytes) -> bytes:
    length = len(payload)
    head = bytes([0x80 | opcode])
    if length < _LEN_16:
        return head + bytes([0x80 | length]) + _NO_MASK + payload
    return head + bytes([0x80 | _LEN_16]) + length.to_bytes(2, "big") + _NO_MASK + payload


def hello_of(**fields: str) -> bytes:
    return masked_frame(0x1, orjson.dumps({"type": "hello", **fields}))


@dataclass(slots=True)
class Counts:
    """What all clients of a process have seen. Times are the machine's monotonic clock."""

    connected: int = 0
    lost: int = 0
    frames: int = 0
    frame_bytes: int = 0
    placed: int = 0
    admitted: int = 0
    first_admitted_at: float = 0.0
    last_admitted_at: float = 0.0
    sample: bytes = field(default=b"", repr=False)


class Client(asyncio.Protocol):
    __slots__ = ("_counts", "_hello", "_is_open", "_is_placed", "_request", "_rest", "_transport",
                 "opened")  # fmt: skip

    def __init__(self, counts: Counts, request: bytes, hello: bytes, opened: Any) -> None:
        self._counts = counts
        self._request, self._hello = request, hello
        self._rest = b""
        self._is_open = self._is_placed = False
        self._transport: Any = None
        self.opened = opened

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
            self._rest = b""
        at = 0
        if not self._is_open:
            end = data.find(_END_OF_HEAD)
            if end < 0:
                self._rest = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                refusal = data[:end].decode(errors="replace")
                self.opened.set_exception(ConnectionError(f"refused: {refusal}"))
                return
            at, self._is_open = end + len(_END_OF_HEAD), True
            self._counts.connected += 1
            if self._hello:
                self._transport.write(self._hello)
            self.opened.set_result(None)
        self._scan(data, at)

    def connection_lost(self, _error: Exception | None) -> None:
        self._counts.lost += self._is_open
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed before it was open"))

    def _scan(self, data: bytes, at: int) -> None:
        end = len(data)
        while end - at >= _HEAD_BYTES_MIN:
            length, start = data[at + 1], at + 2
            if length == _LEN_16:
                length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif length == _LEN_64:
                length, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if start + length > end:
                break
            self._note(data, at, start, start + length)
            at = start + length
        if at < end:
            self._rest = data[at:]

    def _note(self, data: bytes, at: int, start: int, end: int) -> None:
        counts = self._counts
        counts.frames += 1
        counts.frame_bytes += end - at
        if data[at] & 0xF == _PING:
            self._transport.write(masked_frame(_PONG, data[start:end]))
        elif data.startswith(ADMITTED, start):
            counts.admitted += 1
            counts.last_admitted_at = time.monotonic()
            counts.first_admitted_at = counts.first_admitted_at or counts.last_admitted_at
        elif not self._is_placed and data.startswith(POSITION, start):
            self._is_placed = True
            counts.placed += 1
            counts.sample = counts.sample or data[at:end]


async def _connect(counts: Counts, port: int, path: str, hellos: Sequence[bytes]) -> None:
    loop, turns = asyncio.get_running_loop(), asyncio.Semaphore(CONNECTING_MAX)
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()

    async def connect(hello: bytes) -> None:
        async with turns:
            opened = loop.create_future()
            await loop.create_connection(
                lambda: Client(counts, request, hello, opened), "127.0.0.1", port
            )
            await opened

    async with asyncio.timeout(CONNECT_SECONDS):
        await asyncio.gather(*(connect(hello) for hello in hellos))


async def _serve(pipe: Connection) -> None:
    """One question at a time: ``connect`` some clients, or tell what was ``seen``."""
    loop, counts = asyncio.get_running_loop(), Counts()
    while True:
        question, *arguments = await loop.run_in_executor(None, pipe.recv)
        if question == "close":
            return
        if question == "connect":
            await _connect(counts, *arguments)
        pipe.send((counts, time.monotonic(), time.process_time()))


def _run(pipe: Connection) -> None:
    raise_file_limit()
    uvloop.run(_serve(pipe))


class Crowd:
    """The process of the clients, as the benchmark sees it."""

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._pipe.send(("close",))
        self._process.join(5)
        self._process.kill()

    def connect(self, port: int, path: str, hellos: Sequence[bytes]) -> Counts:
        return self._ask("connect", port, path, hellos)[0]

    def look(self) -> Counts:
        return self._ask("seen")[0]

    def measure(self, seconds: float) -> tuple[float, float, float]:
        """Frames a second, bytes a frame, and the share of a core that the clients took."""
        before, began, cpu_before = self._ask("seen")
        time.sleep(seconds)
        after, ended, cpu_after = self._ask("seen")
        frames, took = after.frames - before.frames, ended - began
        size = (after.frame_bytes - before.frame_bytes) / max(1, frames)
        return frames / took, size, (cpu_after - cpu_before) / took

    def wait_for(self, field_name: str, value: int, *, seconds_max: float) -> Counts:
        """Once so many are counted; TimeoutError with what was counted."""
        deadline = time.monotonic() + seconds_max
        while True:
            counts = self.look()
            if getattr(counts, field_name) >= value:
                return counts
            if time.monotonic() > deadline:
                raise TimeoutError(f"{field_name} is {getattr(counts, field_name)} of {value}")
            time.sleep(0.05)

    def _ask(self, *question: Any) -> tuple[Counts, float, float]:
        self._pipe.send(question)
        answer: tuple[Counts, float, float] = self._pipe.recv()
        return answer
