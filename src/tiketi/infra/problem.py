"""RFC 9457: the one place where an error's kind becomes a status."""

from typing import Any

import orjson

from tiketi.kernel.errors import Kind, TiketiError

MEDIA_TYPE = b"application/problem+json"
TYPE_PREFIX = "https://tiketi.gg/problems/"

STATUS_OF = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.INVALID: 422,
    Kind.THROTTLED: 429,
    Kind.UNAVAILABLE: 503,
}

Headers = list[tuple[bytes, bytes]]


def status_of(error: type[TiketiError] | TiketiError) -> int:
    """The HTTP status; an error of the wire itself names its own."""
    own: int | None = getattr(error, "status", None)
    return STATUS_OF[error.kind] if own is None else own


def problem_document(error: TiketiError, request_id: str) -> dict[str, Any]:
    return {
        "type": TYPE_PREFIX + error.code,
        "title": error.title,
        "status": status_of(error),
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
        **error.fields,
    }


def render_problem(error: TiketiError, request_id: str) -> tuple[int, Headers, bytes]:
    """Status, headers and body of the answer."""
    headers: Headers = [(b"content-type", MEDIA_TYPE), (b"cache-control", b"no-store")]
    if error.retry_after_seconds is not None:
        headers.append((b"retry-after", str(error.retry_after_seconds).encode()))
    if error.kind is Kind.UNAUTHENTICATED:
        headers.append((b"www-authenticate", b'Bearer realm="tiketi"'))
    allow = getattr(error, "allow", None)
    if allow:
        headers.append((b"allow", ", ".join(sorted(allow)).encode()))
    return status_of(error), headers, orjson.dumps(problem_document(error, request_id))
