"""HTTP/1.1 read strictly: what two parsers could read in two ways is refused, never guessed.

Request smuggling (RFC 9112 §11.2) lives on such differences between a proxy and its server. llhttp
reads heads and bodies; around it stand the bounds, the rules that it leaves to its caller, and one
message at a time: the next one is not looked at before ``start_next``.
"""

from typing import Protocol

import httptools

from tiketi.infra.http.errors import MalformedRequest
from tiketi.infra.problem import render_problem
from tiketi.kernel.errors import Kind, TiketiError
from tiketi.kernel.ids import new_id
from tiketi.services.server.engine import HEAD_BYTES_MAX
from tiketi.services.server.heads import Headers, RequestHead, RequestRefused, checked_head

HEAD_SECONDS = 10.0  # from a request's first byte to the end of its headers
_REQUEST_LINE_SPACES = 2
_BLANK_LINE = b"\r\n\r\n"
# Beside each byte of data a chunked body may carry this much (of "1\r\na\r\n" five are not data),
# and a head's size more: extensions and trailers have no bound of their own.
_CHUNK_OVERHEAD_MAX = 8


class HeadersTooLarge(TiketiError):
    code = "headers_too_large"
    kind = Kind.MALFORMED
    title = "The request's headers are too large"
    status = 431


class HeadersTooSlow(TiketiError):
    code = "headers_too_slow"
    kind = Kind.MALFORMED
    title = "The request's headers did not arrive in time"
    status = 408


_BY_STATUS = {error.status: error for error in (HeadersTooLarge, HeadersTooSlow)}


class Receiver(Protocol):
    """Who is told of a message; its end comes in the same call as its last bytes."""

    def on_request(self, head: RequestHead) -> None: ...

    def on_body_part(self, data: bytes) -> None: ...

    def on_request_end(self) -> None: ...


class RequestParser:
    """Bytes in, messages out, each fed to llhttp exactly to its end."""

    __slots__ = (
        "_body",
        "_body_bytes",
        "_ended",
        "_fed_bytes",
        "_headers",
        "_left_bytes",
        "_llhttp",
        "_receiver",
        "_tail",
        "_target",
        "_unread",
        "in_body",
    )

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._llhttp = httptools.HttpRequestParser(self)
        self._unread = b""
        self.in_body = False
        self._ended = False
        self._headers: Headers = []
        self._body: list[bytes] = []
        self._target = b""
        self._left_bytes: int | None = None  # of a body of a stated length
        self._tail = b""  # of what was fed of a chunked body
        self._fed_bytes = self._body_bytes = 0

    @property
    def has_unread(self) -> bool:
        return bool(self._unread)

    @property
    def ended(self) -> bool:
        """The message is here to its end."""
        return self._ended

    @property
    def head_begun(self) -> bool:
        """A part of a head is here, and not all of it."""
        return bool(self._unread) and not self.in_body and not self._ended

    def feed(self, data: bytes) -> None:
        """Take more bytes; raises RequestRefused, after which nothing may be fed any more."""
        self._unread = self._unread + data if self._unread else data
        if not self._ended and not self.in_body:
            self._take_head()
        if self._unread and self.in_body and not self._ended:
            self._take_body()

    def start_next(self) -> None:
        """The message is answered: look at the next."""
        self.in_body = self._ended = False
        self._headers = []
        self._tail = b""
        self._fed_bytes = self._body_bytes = 0
        self.feed(b"")

    def take_rest(self) -> bytes:
        """What came behind a head that asks for another protocol."""
        rest, self._unread = self._unread, b""
        return rest

    def _take_head(self) -> None:
        unread = self._unread
        if not unread:
            return
        blank = unread.find(_BLANK_LINE)
        end = len(unread) if blank < 0 else blank + len(_BLANK_LINE)
        data = unread if end == len(unread) else unread[:end]
        if data[0] in b"\r\n" or data.count(b"\n") != data.count(b"\r\n"):
            raise RequestRefused
        if end > HEAD_BYTES_MAX:
            raise RequestRefused(HeadersTooLarge.status)
        if blank < 0:
            return
        if data.count(b" ", 0, data.find(b"\r\n")) != _REQUEST_LINE_SPACES:
            raise RequestRefused
        self._unread = unread[end:]
        upgrading = self._feed_llhttp(data)
        llhttp = self._llhttp
        head = checked_head(
            llhttp.get_method(), self._target, llhttp.get_http_version(), self._headers
        )
        self._headers = []  # trailers follow
        self._left_bytes = head.length
        if upgrading and not head.wants_websocket:
            self._ignore_upgrade(head)
        self.in_body = True
        self._receiver.on_request(head)
        if self._ended and not head.wants_websocket:
            self._receiver.on_request_end()

    def _ignore_upgrade(self, head: RequestHead) -> None:
        """With its head llhttp leaves HTTP asked to, body or not: tell it of the body anew."""
        self._llhttp = httptools.HttpRequestParser(self)
        if head.length or head.chunked:
            self._ended = False
            framing = (
                b"transfer-encoding: chunked"
                if head.chunked
                else b"content-length: %d" % (head.length or 0)
            )
            self._feed_llhttp(b"POST / HTTP/1.1\r\nhost:\r\n" + framing + _BLANK_LINE)

    def _take_body(self) -> None:
        if self._left_bytes is None:
            self._take_chunks()
        else:
            data, self._unread = self._unread[: self._left_bytes], self._unread[self._left_bytes :]
            self._left_bytes -= len(data)
            self._feed_llhttp(data)
        body, self._body = self._body, []
        if body:
            self._receiver.on_body_part(body[0] if len(body) == 1 else b"".join(body))
        if self._ended:
            self._receiver.on_request_end()

    def _take_chunks(self) -> None:
        """A chunked message can end in a blank line only, so piece by piece up to each."""
        data = self._tail + self._unread
        view = memoryview(data)
        begin = len(self._tail)
        while begin < len(data) and not self._ended:
            blank = data.find(_BLANK_LINE, max(0, begin - len(_BLANK_LINE) + 1))
            end = len(data) if blank < 0 else blank + len(_BLANK_LINE)
            self._feed_llhttp(view[begin:end])
            self._fed_bytes += end - begin
            begin = end
            overhead_bytes = self._fed_bytes - self._body_bytes
            if overhead_bytes > HEAD_BYTES_MAX + _CHUNK_OVERHEAD_MAX * self._body_bytes:
                raise RequestRefused
        self._unread = data[begin:]
        self._tail = data[max(0, begin - len(_BLANK_LINE) + 1) : begin]

    def _feed_llhttp(self, data: bytes | memoryview) -> bool:
        """Whether it is done with HTTP."""
        try:
            self._llhttp.feed_data(data)
        except httptools.HttpParserUpgrade:
            return True
        except httptools.HttpParserError as error:
            raise RequestRefused from error
        return False

    def on_url(self, target: bytes) -> None:
        self._target = target

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value.rstrip(b" \t")))

    def on_body(self, data: bytes) -> None:
        self._body.append(data)
        self._body_bytes += len(data)

    def on_message_complete(self) -> None:
        self._ended = True


def render_refusal(status: int) -> tuple[int, Headers, bytes]:
    """Status, headers and body for a request that never reached the application."""
    error = _BY_STATUS.get(status, MalformedRequest)()
    answered, headers, body = render_problem(error, request_id := str(new_id()))
    headers += [
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
        (b"connection", b"close"),
    ]
    return answered, headers, body
