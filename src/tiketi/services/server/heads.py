"""What a request's head says of its message, and the rules of RFC 9112 that llhttp leaves open."""

import re
from dataclasses import dataclass

Headers = list[tuple[bytes, bytes]]

_ONCE = frozenset({b"host", b"content-length", b"transfer-encoding"})
_LISTS = frozenset({b"connection", b"upgrade", b"expect", b"sec-websocket-extensions"})
_FRAMING = _ONCE | _LISTS
_VERSIONS = {"1.0", "1.1"}
_BAD_TARGET = re.compile(rb"[^\x21-\x7e]|#")
_ABSOLUTE = re.compile(rb"https?://([^/?]+)(.*)", re.IGNORECASE)
_HOST = re.compile(rb"[A-Za-z0-9._~%!$&'()*+,;=\[\]:-]*")


class RequestRefused(Exception):
    """A request that cannot be read in one way only; ``status`` is what to answer."""

    def __init__(self, status: int = 400) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class RequestHead:
    """``target`` begins with / or is *; ``length`` is None where the body comes in chunks."""

    method: str
    target: bytes
    version: str
    headers: Headers
    length: int | None
    chunked: bool
    keep_alive: bool
    expects_continue: bool
    wants_websocket: bool


def checked_head(method: bytes, target: bytes, version: str, headers: Headers) -> RequestHead:
    """The head; raises RequestRefused for whatever another reader could take otherwise."""
    found = _framing(headers)
    if version not in _VERSIONS or method == b"CONNECT":  # we are no proxy
        raise RequestRefused
    if (host := found.get(b"host")) is None:
        if version != "1.0":
            raise RequestRefused
    elif not _HOST.fullmatch(host):
        raise RequestRefused
    if chunked := b"transfer-encoding" in found:
        _check_coding(found, version)
    if target[:1] != b"/" or _BAD_TARGET.search(target):
        target, headers = _origin_form(method, target, headers)
    if b"sec-websocket-extensions" in found:
        # No WebSocket compression: its windows cost some 300 KiB a connection.
        headers = [pair for pair in headers if pair[0] != b"sec-websocket-extensions"]
    length = None if chunked else int(found.get(b"content-length", b"0"))
    tokens = _tokens(found.get(b"connection"))
    return RequestHead(
        method=method.decode("ascii"),
        target=target,
        version=version,
        headers=headers,
        length=length,
        chunked=chunked,
        keep_alive=version == "1.1" and b"close" not in tokens,
        expects_continue=version == "1.1" and found.get(b"expect", b"").lower() == b"100-continue",
        wants_websocket=(
            b"upgrade" in tokens
            and found.get(b"upgrade", b"").lower() == b"websocket"
            and method == b"GET"
            and version == "1.1"
            and length == 0
        ),
    )


def _framing(headers: Headers) -> dict[bytes, bytes]:
    """The fields that decide about the message and the connection, each once."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _FRAMING:
            if name not in found:
                found[name] = value
            elif name in _ONCE:
                raise RequestRefused
            else:
                found[name] += b"," + value
    return found


def _check_coding(found: dict[bytes, bytes], version: str) -> None:
    if (
        version == "1.0"
        or b"content-length" in found
        or found[b"transfer-encoding"].lower() != b"chunked"
    ):
        raise RequestRefused


def _tokens(value: bytes | None) -> frozenset[bytes]:
    if value is None:
        return frozenset()
    return frozenset(token.strip().lower() for token in value.split(b","))


def _origin_form(method: bytes, target: bytes, headers: Headers) -> tuple[bytes, Headers]:
    """A target with its authority names the host, whatever Host says (RFC 9112 §3.2.2)."""
    if _BAD_TARGET.search(target):
        raise RequestRefused
    if target == b"*" and method == b"OPTIONS":
        return target, headers
    parts = _ABSOLUTE.fullmatch(target)
    if parts is None or not _HOST.fullmatch(parts[1]):
        raise RequestRefused
    rest = [pair for pair in headers if pair[0] != b"host"]
    path = parts[2] if parts[2].startswith(b"/") else b"/" + parts[2]
    return path, [(b"host", parts[1]), *rest]
