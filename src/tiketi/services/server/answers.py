"""One answer as bytes, and the promise of its head kept: never a byte more or less than it says."""

import re
from http import HTTPStatus

from tiketi.services.server.heads import Headers, RequestHead

_BAD_NAME = re.compile(rb"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
_OK, _NO_CONTENT = 200, 204
_SILENT_STATUSES = frozenset({204, 304})  # no body, whatever their length says
_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
# Names that need no look, as they are given: how their lines begin. All are our own, so few.
_PLAIN: dict[bytes, bytes] = {}
_PLAIN_MAX = 256
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class AnswerError(Exception):
    """The application's answer cannot be sent as HTTP."""


class Answer:
    """The head waits for the body's first bytes, so that both travel together."""

    __slots__ = (
        "_chunked",
        "_head",
        "_left_bytes",
        "_silent",
        "_version",
        "begun",
        "complete",
        "keep_alive",
        "switches",
    )

    def __init__(self, request: RequestHead) -> None:
        self._version = request.version
        self._silent = request.method == "HEAD"
        self._head = b""
        self._chunked = False
        self._left_bytes: int | None = None  # of the body, where its length was said
        self.begun = False
        self.complete = False
        self.switches = False  # to another protocol: HTTP ends with this head
        self.keep_alive = request.keep_alive

    def begin(self, status: int, headers: Headers, *, last: bool) -> None:
        """``last``: no other answer follows on this connection. Raises AnswerError."""
        if self.begun:
            raise AnswerError("a second head")
        if last:
            self.keep_alive = False
        self.switches = status < _OK
        self._silent = self._silent or self.switches or status in _SILENT_STATUSES
        self._chunked, self._left_bytes = False, None
        lines, length = self._lines(status, headers)
        if not self._silent:
            self._left_bytes = length
            if length is None and self._version == "1.1":
                self._chunked = True
                lines.append(b"transfer-encoding: chunked")
            elif length is None:
                self.keep_alive = False  # the body ends where the connection does
        if not self.keep_alive and not self.switches:
            lines.append(b"connection: close")
        self._head = _joined(status, lines)
        self.begun = True

    def _lines(self, status: int, headers: Headers) -> tuple[list[bytes], int | None]:
        """The application's headers but for those that are ours to choose; the body's length."""
        lines: list[bytes] = []
        length: int | None = None
        for given, value in headers:
            if (begun := _PLAIN.get(given)) is not None:
                lines.append(begun + value)
                continue
            name = given.lower()
            if name == b"content-length":
                if length is not None:
                    raise AnswerError("two lengths")
                length = int(value)
                if status < _OK or status == _NO_CONTENT:
                    continue
            elif name == b"connection" and not self.switches:
                if b"close" in value.lower():
                    self.keep_alive = False
                continue
            elif name == b"transfer-encoding":
                continue
            else:
                _learn_plain(given, name)
            lines.append(name + b": " + value)
        return lines, length

    @property
    def is_whole(self) -> bool:
        """Its last byte was given out, if its head said how many there are."""
        return self._left_bytes == 0

    def body(self, data: bytes) -> bytes:
        """What to write for a part of the body. Raises AnswerError where it is too long."""
        head, self._head = self._head, b""
        if self._silent:
            return head
        if self._chunked:
            return b"%b%x\r\n%b\r\n" % (head, len(data), data) if data else head
        if self._left_bytes is not None:
            self._left_bytes -= len(data)
            if self._left_bytes < 0:
                raise AnswerError("more body than its length says")
        return head + data

    def end(self) -> bytes:
        """The last to write. Raises AnswerError where the body fell short."""
        if self._left_bytes:
            raise AnswerError("less body than its length says")
        self.complete = True
        head, self._head = self._head, b""
        return head + b"0\r\n\r\n" if self._chunked else head


def _learn_plain(given: bytes, name: bytes) -> None:
    """A name that decides nothing. Raises AnswerError where it is none."""
    if not name or _BAD_NAME.search(name):
        raise AnswerError("not a header's name")
    if len(_PLAIN) < _PLAIN_MAX:
        _PLAIN[given] = name + b": "


def _joined(status: int, lines: list[bytes]) -> bytes:
    head = (_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status) + b"\r\n".join(lines)
    ends = len(lines) or 1  # the status line's, and one between every two
    if head.count(b"\n") != ends or head.count(b"\r") != ends or b"\0" in head:
        raise AnswerError("a header's value breaks its line")
    return head + (b"\r\n\r\n" if lines else b"\r\n")
