"""A lean HTTP/1.1 client (RFC 9112): one exchange at a time on a kept-alive connection.

Thousands of buyers share two cores with the servers that they measure, so a request here costs
tens of microseconds and not the millisecond of a general client.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

HEAD_BYTES_MAX = 65_536
BODY_BYTES_MAX = 16 * 1024 * 1024
_HEAD_END = b"\r\n\r\n"


class BrokenExchange(Exception):
    """No whole answer came: refused, cut off, timed out, or not HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status < 400  # noqa: PLR2004 # RFC 9110 §15: errors begin here

    def json(self) -> Any:
        """The body as JSON; None when it is empty or no JSON."""
        try:
            return orjson.loads(self.body) if self.body else None
        except orjson.JSONDecodeError:
            return None

    @property
    def code(self) -> str:
        """The problem's stable code, or an empty string."""
        document = self.json()
        found = document.get("code") if isinstance(document, dict) else None
        return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a service listens, and the path before its own."""

    host: str
    port: int
    tls: bool = False
    prefix: str = ""

    @classmethod
    def of(cls, url: str) -> "Origin":
        """Raises ValueError when the URL is not one of http or https."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise ValueError(f"not an http URL: {url!r}")
        tls = parts.scheme == "https"
        port = parts.port or (443 if tls else 80)
        return cls(parts.hostname, port, tls, parts.path.rstrip("/"))


@dataclass(slots=True)
class _Parser:
    """Answers out of bytes, however they are cut."""

    buffer: bytearray = field(default_factory=bytearray)
    status: int = 0
    headers: dict[str, str] | None = None
    chunks: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> Answer | None:
        """An answer once it is whole. Raises BrokenExchange for what is no HTTP."""
        self.buffer += data
        if len(self.buffer) > BODY_BYTES_MAX:
            raise BrokenExchange("the answer is too large")
        if self.headers is None and not self._read_head():
            return None
        return self._read_body()

    def end(self) -> Answer | None:
        """The answer whose end is the connection's, if that is how it was framed."""
        if self.headers is None or self._framed():
            return None
        return self._finish(bytes(self.buffer))

    def _framed(self) -> bool:
        headers = self.headers or {}
        return "content-length" in headers or "transfer-encoding" in headers

    def _read_head(self) -> bool:
        while True:
            end = self.buffer.find(_HEAD_END)
            if end < 0:
                if len(self.buffer) > HEAD_BYTES_MAX:
                    raise BrokenExchange("the answer's headers are too large")
                return False
            lines = bytes(self.buffer[:end]).decode("latin-1").split("\r\n")
            del self.buffer[: end + len(_HEAD_END)]
            version, _, rest = lines[0].partition(" ")
            if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
                raise BrokenExchange(f"not an HTTP answer: {lines[0][:80]!r}")
            self.status = int(rest[:3])
            if self.status >= 200:  # noqa: PLR2004 # RFC 9110 §15.2: 1xx come before the answer
                break
        split = (line.partition(":") for line in lines[1:])
        self.headers = {name.lower(): value.strip() for name, _, value in split}
        return True

    def _read_body(self) -> Answer | None:
        headers = self.headers or {}
        if self.status in {204, 304}:
            return self._finish(b"")
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._read_chunks()
        if "content-length" not in headers:
            return None
        length = int(headers["content-length"])
        return self._finish(bytes(self.buffer[:length])) if len(self.buffer) >= length else None

    def _read_chunks(self) -> Answer | None:
        while (line_end := self.buffer.find(b"\r\n")) >= 0:
            size = int(bytes(self.buffer[:line_end]).partition(b";")[0], 16)
            start, stop = line_end + 2, line_end + 2 + size
            if len(self.buffer) < stop + 2:
                return None
            self.chunks += self.buffer[start:stop]
            del self.buffer[: stop + 2]
            if size == 0:
                return self._finish(bytes(self.chunks))
        return None

    def _finish(self, body: bytes) -> Answer:
        answer = Answer(self.status, self.headers or {}, body)
        self.buffer.clear()
        self.chunks.clear()
        self.headers = None
        return answer


class Connection(asyncio.Protocol):
    """One connection. ``usable`` tells whether another exchange may follow.

    It is in ``open_ones`` as long as it is open, also when nobody waited for it to be made.
    """

    def __init__(self, open_ones: "set[Connection]") -> None:
        self.usable = False
        self._open_ones = open_ones
        self._parser = _Parser()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None

    async def exchange(self, request: bytes) -> Answer:
        """Send the request's bytes, give the answer. Raises BrokenExchange."""
        if not self.usable or self._transport is None:
            raise BrokenExchange("the connection is closed")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            answer = await self._answer
        except BaseException:
            # A half-read exchange leaves the next answer to the wrong question.
            self.close()
            raise
        finally:
            self._answer = None
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    def close(self) -> None:
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # create_connection makes this kind
        self.usable = True
        self._open_ones.add(self)

    def data_received(self, data: bytes) -> None:
        try:
            answer = self._parser.feed(data)
        except (BrokenExchange, ValueError) as problem:
            self._settle(BrokenExchange(str(problem)))
            self.close()
            return
        if answer is not None:
            self._settle(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        self._open_ones.discard(self)
        self._settle(self._parser.end() or BrokenExchange(f"cut off: {exc or 'closed'}"))

    def _settle(self, outcome: Answer | BrokenExchange) -> None:
        if self._answer is None or self._answer.done():
            return
        if isinstance(outcome, Answer):
            self._answer.set_result(outcome)
        else:
            self._answer.set_exception(outcome)


async def connect(origin: Origin, open_ones: set[Connection]) -> Connection:
    """A fresh connection, in ``open_ones`` while open. BrokenExchange when nobody takes it."""
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context() if origin.tls else None
    try:
        _, connection = await loop.create_connection(
            lambda: Connection(open_ones), origin.host, origin.port, ssl=context
        )
    except OSError as problem:
        raise BrokenExchange(f"no connection: {problem}") from problem
    return connection


def render(
    origin: Origin, method: str, path: str, headers: dict[str, str], body: bytes | None
) -> bytes:
    """A request's bytes, as HTTP/1.1 puts them on the wire."""
    lines = [f"{method} {origin.prefix}{path} HTTP/1.1", f"host: {origin.host}:{origin.port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    elif method != "GET":
        lines.append("content-length: 0")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")
