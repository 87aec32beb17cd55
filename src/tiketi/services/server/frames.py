"""A way past the server's layers for what is sent a million times: one whole text frame.

An engine puts a function into a WebSocket's scope that writes a text at once, or says that it
cannot: the socket is not open (any more), or its client does not read. Then ASGI's own way decides.
"""

from collections.abc import Callable
from struct import Struct
from typing import Any

from tiketi.infra.http.sockets import TEXT_EXTENSION

TryText = Callable[[str], bool]

_TEXT = 0x81  # the last frame of a message, and of text
_SHORT_MAX = 125
_MEDIUM_MAX = 0xFFFF
_MEDIUM, _LONG = 126, 127
_medium_head = Struct("!BBH").pack


def text_frame(text: str) -> bytes:
    """The text as one frame from a server, which masks nothing (RFC 6455 §5.2)."""
    payload = text.encode()
    size = len(payload)
    if size <= _SHORT_MAX:
        return bytes((_TEXT, size)) + payload
    if size <= _MEDIUM_MAX:
        return _medium_head(_TEXT, _MEDIUM, size) + payload
    return bytes((_TEXT, _LONG)) + size.to_bytes(8) + payload


def offer(scope: Any, try_text: TryText) -> None:
    """Let the application know of the way."""
    scope.setdefault("extensions", {})[TEXT_EXTENSION] = try_text
