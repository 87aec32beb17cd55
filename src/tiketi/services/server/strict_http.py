"""HTTP/1.1 read strictly: what two parsers could read in two ways is refused, never guessed.

Request smuggling (RFC 9112 §11.2) lives on such differences between a proxy and its server: a bare
LF as a line's end, or Content-Length beside Transfer-Encoding. h11 accepts both.
"""

import re
from typing import Any

import h11
from h11._receivebuffer import ReceiveBuffer

from tiketi.infra.http.errors import MalformedRequest
from tiketi.infra.problem import render_problem
from tiketi.kernel.errors import Kind, TiketiError
from tiketi.kernel.ids import new_id

_BARE_LF = re.compile(rb"(?<!\r)\n")
_END_OF_HEAD = b"\r\n\r\n"
_VERSIONS = {b"1.0", b"1.1"}


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


# Everything else that h11 refuses, an unknown transfer coding (501) included, is malformed to us.
_BY_STATUS = {error.status: error for error in (HeadersTooLarge, HeadersTooSlow)}


class StrictBuffer(ReceiveBuffer):
    """Hands out a head (or trailers) only if every line of it ends in CRLF."""

    def __init__(self, head_bytes_max: int) -> None:
        super().__init__()
        self._head_bytes_max = head_bytes_max

    def maybe_extract_lines(self) -> list[bytearray] | None:
        end = self._data.find(_END_OF_HEAD)
        head_bytes = len(self._data) if end < 0 else end + len(_END_OF_HEAD)
        if _BARE_LF.search(self._data, 0, head_bytes):
            raise h11.RemoteProtocolError("a line ends in a bare LF", error_status_hint=400)
        if head_bytes > self._head_bytes_max:
            raise h11.RemoteProtocolError("headers too large", error_status_hint=431)
        return super().maybe_extract_lines()


class StrictConnection(h11.Connection):
    """h11's server side, strict about a message's framing."""

    def __init__(self, head_bytes_max: int) -> None:
        super().__init__(h11.SERVER, max_incomplete_event_size=head_bytes_max)
        self._receive_buffer = StrictBuffer(head_bytes_max)
        self.refused_status = 400  # what to answer once next_event has raised

    def next_event(self) -> Any:
        """As h11's; raises RemoteProtocolError for an ambiguous request too."""
        try:
            event = super().next_event()
            return _checked(event) if isinstance(event, h11.Request) else event
        except h11.RemoteProtocolError as error:
            self.refused_status = error.error_status_hint
            raise


def _checked(request: h11.Request) -> h11.Request:
    names = {name for name, _ in request.headers}
    if request.http_version not in _VERSIONS:
        raise h11.RemoteProtocolError("unknown HTTP version", error_status_hint=400)
    if b"transfer-encoding" in names and (
        b"content-length" in names or request.http_version == b"1.0"
    ):
        raise h11.RemoteProtocolError("two ways to end the body", error_status_hint=400)
    if b"sec-websocket-extensions" not in names:
        return request
    # No WebSocket compression: its windows cost some 300 KiB a connection, and a standing is small.
    headers = [pair for pair in request.headers if pair[0] != b"sec-websocket-extensions"]
    return h11.Request(
        method=request.method,
        target=request.target,
        headers=headers,
        http_version=request.http_version,
    )


def render_refusal(status: int) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body for a request that never reached the application."""
    error = _BY_STATUS.get(status, MalformedRequest)()
    answered, headers, body = render_problem(error, request_id := str(new_id()))
    headers += [
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
        (b"connection", b"close"),
    ]
    return answered, headers, body
