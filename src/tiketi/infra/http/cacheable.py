"""Answers that caches keep: validators (RFC 9110 §8.8, §13), age (RFC 9111 §5.1), gzip."""

import gzip
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import Response

# A packet or two: below it compressing saves nothing.
COMPRESS_BYTES_MIN = 1_024
COMPRESS_LEVEL = 5
_TAG_BYTES = 12


@dataclass(frozen=True)
class Document:
    """A body rendered once for many requests."""

    body: bytes

    @cached_property
    def etag(self) -> str:
        """Weak, since it names the content and not one encoding of it."""
        return f'W/"{blake2b(self.body, digest_size=_TAG_BYTES).hexdigest()}"'

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.body, COMPRESS_LEVEL, mtime=0)

    def answer(
        self,
        request: Request,
        cache_control: str,
        *,
        age_seconds: float = 0.0,
        stale: bool = False,
    ) -> Response:
        """The document for one request, compressed if large and the client reads gzip."""
        is_large = len(self.body) >= COMPRESS_BYTES_MIN
        as_gzip = is_large and reads_gzip(request)
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
) -> Response:
    """The content, or 304 for a client that has it. A stale one says so in Age and Warning."""
    headers = {"cache-control": cache_control, "etag": etag, "vary": "Accept-Encoding"}
    if stale:
        headers["age"] = str(max(1, int(age_seconds)))
        headers["warning"] = '110 - "Response is Stale"'
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    if as_gzip:
        headers["content-encoding"] = "gzip"
    return Response(content, media_type="application/json", headers=headers)


def is_known(request: Request, etag: str) -> bool:
    """Whether If-None-Match names the tag, compared weakly (RFC 9110 §13.1.2)."""
    given = ",".join(request.headers.getlist("if-none-match"))
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags


def reads_gzip(request: Request) -> bool:
    """Whether Accept-Encoding names gzip, or all, and not with a weight of zero."""
    weights: dict[str, float] = {}
    for part in ",".join(request.headers.getlist("accept-encoding")).split(","):
        coding, _, parameter = part.partition(";")
        name, _, weight = parameter.partition("=")
        try:
            weights[coding.strip().lower()] = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            weights[coding.strip().lower()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0
