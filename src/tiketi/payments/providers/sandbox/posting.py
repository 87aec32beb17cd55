"""Posts over HTTP/1.1: a few connections, each posting one after another until nothing is left.

A general client costs some eighty times as much a post, and the sandbox shares its shop's machine.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast
from urllib.parse import quote, urlsplit

import httptools

_PORTS = {"http": 80, "https": 443}
_PATH_SAFE = "/%:@!$&'()*+,;=~"
_SUCCESS = range(200, 300)
_FINAL_MIN = 200  # below are announcements of the answer


@dataclass(frozen=True, slots=True)
class Target:
    """Where to post: ``head`` is the request line and ``Host``."""

    host: str
    port: int
    head: bytes
    trust: ssl.SSLContext | None


@dataclass(frozen=True, slots=True)
class Post:
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """``reason``: the status that was answered, or why there was none."""

    arrived: bool
    reason: str


def target_of(url: str) -> Target:
    """ValueError for what is no http or https URL."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"not an HTTP URL: {url!r}")
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    if parts.query:
        path = f"{path}?{quote(parts.query, safe=_PATH_SAFE + '?')}"
    head = f"POST {path} HTTP/1.1\r\nhost: {parts.netloc.rpartition('@')[2]}\r\n"
    return Target(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        head=head.encode("ascii"),
        trust=_trust() if parts.scheme == "https" else None,
    )


async def post_all(
    target: Target,
    posts: Sequence[Post],
    *,
    connections_max: int,
    post_seconds_max: float,
    begin_seconds_max: float,
) -> list[Outcome | None]:
    """What came of each; None where it was not tried.

    None is begun after ``begin_seconds_max``, nor on a connection that has lost one: a target that
    does not answer is left alone. Redirects are answers, and not followed.
    """
    outcomes: list[Outcome | None] = [None] * len(posts)
    waiting = deque(enumerate(posts))
    begin_before = asyncio.get_running_loop().time() + begin_seconds_max
    async with asyncio.TaskGroup() as group:
        for _ in range(min(connections_max, len(posts))):
            group.create_task(_post_on(target, waiting, outcomes, post_seconds_max, begin_before))
    return outcomes


async def _post_on(
    target: Target,
    waiting: deque[tuple[int, Post]],
    outcomes: list[Outcome | None],
    post_seconds_max: float,
    begin_before: float,
) -> None:
    loop = asyncio.get_running_loop()
    connection: _Connection | None = None
    try:
        while waiting and loop.time() < begin_before:
            number, post = waiting.popleft()
            try:
                async with asyncio.timeout(post_seconds_max):
                    if connection is None or not connection.is_open:
                        _, connection = await loop.create_connection(
                            _Connection, target.host, target.port, ssl=target.trust
                        )
                    status = await connection.post(target, post)
            except (OSError, httptools.HttpParserError) as error:
                outcomes[number] = Outcome(arrived=False, reason=repr(error))
                return
            outcomes[number] = Outcome(arrived=status in _SUCCESS, reason=str(status))
    finally:
        if connection is not None:
            connection.close()


class _Connection(asyncio.Protocol):
    """One post at a time. The status is the answer, whatever becomes of the document after it."""

    def __init__(self) -> None:
        self.is_open = False
        self._status = 0
        self._answered: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    async def post(self, target: Target, post: Post) -> int:
        """The status; OSError or HttpParserError if there is none to be had."""
        self._status = 0
        self._parser = httptools.HttpResponseParser(self)
        self._answered = asyncio.get_running_loop().create_future()
        headers = "".join(f"{name}: {value}\r\n" for name, value in post.headers.items())
        length = f"content-length: {len(post.body)}\r\n\r\n"
        self._transport.write(target.head + f"{headers}{length}".encode() + post.body)
        return await self._answered

    def close(self) -> None:
        self.is_open = False
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._answered is None or self._answered.done():
            self.close()  # nothing was asked
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._end(httptools.HttpParserError(repr(error)))
            self.close()

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        if self._status < _FINAL_MIN:
            return
        if not self._parser.should_keep_alive():
            self.close()
        self._end(None)

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        self._end(error or ConnectionResetError("closed without an answer"))

    def _end(self, error: Exception | None) -> None:
        if self._answered is None or self._answered.done():
            return
        if self._status >= _FINAL_MIN:
            self._answered.set_result(self._status)
        elif error is not None:
            self._answered.set_exception(error)


@cache
def _trust() -> ssl.SSLContext:
    """The trusted certificates, read once."""
    return ssl.create_default_context()
