"""What may go wrong, said once: a small class a fact, with a stable code and a kind."""

from enum import StrEnum
from typing import Any, ClassVar


class Kind(StrEnum):
    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    INVALID = "invalid"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"


class TiketiError(Exception):
    """A refusal that its caller can act on.

    ``code`` is stable and snake_case, ``title`` the same for every instance, the message the
    detail of this one. ``fields`` are added to the answer as they are, so they hold only what
    the caller may know.
    """

    code: ClassVar[str]
    kind: ClassVar[Kind]
    title: ClassVar[str]

    def __init__(
        self, detail: str | None = None, *, retry_after_seconds: int | None = None, **fields: Any
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.retry_after_seconds = retry_after_seconds
        self.fields = fields


class NotFound(TiketiError):
    """The thing does not exist, or is somebody else's: the two read alike on purpose."""

    code = "not_found"
    kind = Kind.NOT_FOUND
    title = "No such resource"


class Invalid(TiketiError):
    """Well-formed, but against a rule. ``errors`` has ``loc``, ``msg`` and ``type`` of each."""

    code = "invalid"
    kind = Kind.INVALID
    title = "The request is not valid"

    @classmethod
    def at(cls, loc: tuple[str | int, ...], msg: str, kind: str = "value_error") -> "Invalid":
        return cls(errors=[{"loc": list(loc), "msg": msg, "type": kind}])


class Forbidden(TiketiError):
    code = "forbidden"
    kind = Kind.FORBIDDEN
    title = "Not allowed"


class Unauthenticated(TiketiError):
    code = "unauthenticated"
    kind = Kind.UNAUTHENTICATED
    title = "A valid access token is required"


class Unavailable(TiketiError):
    """Something that this needs is away; trying again later is right."""

    code = "unavailable"
    kind = Kind.UNAVAILABLE
    title = "Temporarily unavailable"

    def __init__(
        self, detail: str | None = None, *, retry_after_seconds: int | None = 2, **fields: Any
    ) -> None:
        super().__init__(detail, retry_after_seconds=retry_after_seconds, **fields)
