"""Refusals of the wire itself, before any module is asked."""

from collections.abc import Iterable
from typing import ClassVar

from tiketi.kernel.errors import Kind, NotFound, TiketiError, Unavailable


class MalformedJson(TiketiError):
    code = "malformed_json"
    kind = Kind.MALFORMED
    title = "The body is not valid JSON"


class MalformedRequest(TiketiError):
    code = "malformed_request"
    kind = Kind.MALFORMED
    title = "The request is malformed"


class UnknownApiVersion(NotFound):
    code = "unknown_api_version"
    title = "No such API version"


class MethodNotAllowed(TiketiError):
    code = "method_not_allowed"
    kind = Kind.MALFORMED
    status: ClassVar[int] = 405
    title = "This resource does not answer that method"

    def __init__(self, allow: Iterable[str]) -> None:
        super().__init__()
        self.allow = tuple(allow)


class BodyTooSlow(TiketiError):
    code = "body_too_slow"
    kind = Kind.MALFORMED
    status: ClassVar[int] = 408
    title = "The body did not arrive in time"


class BodyTooLarge(TiketiError):
    code = "body_too_large"
    kind = Kind.MALFORMED
    status: ClassVar[int] = 413
    title = "The body is too large"


class UnsupportedMediaType(TiketiError):
    code = "unsupported_media_type"
    kind = Kind.MALFORMED
    status: ClassVar[int] = 415
    title = "The body must be application/json"


class RateLimited(TiketiError):
    code = "rate_limited"
    kind = Kind.THROTTLED
    title = "Too many requests"


class RequestTimedOut(Unavailable):
    code = "request_timed_out"
    title = "The answer took too long; it may still take effect"


class InternalError(TiketiError):
    code = "internal_error"
    kind = Kind.UNAVAILABLE
    status: ClassVar[int] = 500
    title = "Something broke on our side"


class IdempotencyKeyRequired(TiketiError):
    code = "idempotency_key_required"
    kind = Kind.MALFORMED
    title = "This call needs an Idempotency-Key of 1 to 255 characters"


class IdempotencyKeyReused(TiketiError):
    code = "idempotency_key_reused"
    kind = Kind.INVALID
    title = "The Idempotency-Key was used with another body"


class IdempotencyInProgress(TiketiError):
    code = "idempotency_in_progress"
    kind = Kind.CONFLICT
    title = "The first request with this Idempotency-Key is still in flight"
