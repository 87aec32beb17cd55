"""Answers that caches keep: validators (RFC 9110 §8.8, §13), age (RFC 9111 §5.1), gzip."""

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request

# A packet or two: below it compressing saves nothing.
COMPRESS_BYTES_MIN = 1_024
COMPRESS_LEVEL = 5
# A CDN may serve what it has for so long while nobody answers it (RFC 5861 §4).
STALE_IF_ERROR = "stale-if-error=600"
_TAG_BYTES = 12
_ACCEPTED_MAX = 256
_RawHeaders = list[tuple[bytes, bytes]]


class CacheableAnswer:
    """An ASGI application: the content, or 304 for a client that has it."""

    __slots__ = ("body", "raw_headers", "status_code")

    def __init__(self, status_code: int, raw_headers: _RawHeaders, body: bytes) -> None:
        self.status_code, self.raw_headers, self.body = status_code, raw_headers, body

    @property
    def headers(self) -> Headers:
        return Headers(raw=self.raw_headers)

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(frozen=True)
class Document:
    """A body rendered once for many requests; ``packed`` where it came compressed."""

    body: bytes
    packed: bytes | None = None

    @cached_property
    def etag(self) -> str:
        """Weak, since it names the content and not one encoding of it."""
        return f'W/"{blake2b(self.body, digest_size=_TAG_BYTES).hexdigest()}"'

    @cached_property
    def compressed(self) -> bytes:
        return self.packed or gzip.compress(self.body, COMPRESS_LEVEL, mtime=0)

    @property
    def weight(self) -> int:
        """Bytes that it takes in both encodings."""
        is_large = len(self.body) >= COMPRESS_BYTES_MIN
        return len(self.body) + (len(self.compressed) if is_large else 0)

    def answer(
        self,
        request: Request,
        cache_control: str,
        *,
        age_seconds: float = 0.0,
        stale: bool = False,
    ) -> CacheableAnswer:
        """The document for one request, compressed if large and the client reads gzip."""
        as_gzip = len(self.body) >= COMPRESS_BYTES_MIN and reads_gzip(request)
        return answer_cacheable(
            request,
            self.compressed if as_gzip else self.body,
            etag=self.etag,
            cache_control=cache_control,
            as_gzip=as_gzip,
            age_seconds=age_seconds,
            stale=stale,
        )


def answer_cacheable(
    request: Request,
    content: bytes,
    *,
    etag: str,
    cache_control: str,
    as_gzip: bool,
    age_seconds: float = 0.0,
    stale: bool = False,
) -> CacheableAnswer:
    """The content, or 304 for a client that has it. A stale one says so (RFC 9211), and its age."""
    headers = _validators(etag, cache_control)
    if stale:
        headers = [*headers, *_staleness(int(max(1, age_seconds)))]
    if is_known(request, etag):
        return CacheableAnswer(304, headers, b"")
    coding = _GZIP if as_gzip else ()
    length = (b"content-length", str(len(content)).encode())
    return CacheableAnswer(200, [*headers, _JSON, length, *coding], content)


def is_known(request: Request, etag: str) -> bool:
    """Whether If-None-Match names the tag, compared weakly (RFC 9110 §13.1.2)."""
    given = _joined(request, b"if-none-match")
    if not given:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in given.decode("latin-1").split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags


def reads_gzip(request: Request) -> bool:
    """Whether Accept-Encoding names gzip, or all, and not with a weight of zero."""
    return _names_gzip(_joined(request, b"accept-encoding"))


_JSON = (b"content-type", b"application/json")
_GZIP = ((b"content-encoding", b"gzip"),)


# As many as there are documents asked for again and again; the rest are made anew.
@lru_cache(maxsize=_ACCEPTED_MAX)
def _validators(etag: str, cache_control: str) -> _RawHeaders:
    return [
        (b"cache-control", cache_control.encode()),
        (b"etag", etag.encode()),
        (b"vary", b"Accept-Encoding"),
    ]


def _staleness(age_seconds: int) -> Iterable[tuple[bytes, bytes]]:
    yield b"age", str(age_seconds).encode()
    yield b"cache-status", f"tiketi; hit; ttl=-{age_seconds}; detail=stale-if-error".encode()
    # Obsolete since RFC 9111, and still what older caches and people read.
    yield b"warning", b'110 - "Response is Stale"'


def _joined(request: Request, name: bytes) -> bytes:
    """The header's values as one list (RFC 9110 §5.3); most often there is one or none."""
    found = b""
    for key, value in request.scope["headers"]:
        if key == name:
            found = found + b"," + value if found else value
    return found


@lru_cache(maxsize=_ACCEPTED_MAX)
def _names_gzip(accepted: bytes) -> bool:
    weights: dict[str, float] = {}
    for part in accepted.decode("latin-1").split(","):
        coding, _, parameter = part.partition(";")
        name, _, weight = parameter.partition("=")
        try:
            weights[coding.strip().lower()] = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            weights[coding.strip().lower()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0
