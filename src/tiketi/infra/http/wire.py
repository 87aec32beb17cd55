"""The shapes on the wire: strict on the way in, RFC 3339 and minor units on the way out."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from tiketi.kernel.clock import rfc3339
from tiketi.kernel.errors import Invalid
from tiketi.kernel.money import AMOUNT_MINOR_MAX

LIMIT_DEFAULT = 20
LIMIT_MAX = 100
CURSOR_CHARACTERS_MAX = 512
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)

T = TypeVar("T")


class Body(BaseModel):
    """A request body: no coercion, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(BaseModel):
    """A query string: parsed from text, unknown parameters passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class View(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _within_the_century(moment: datetime) -> datetime:
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError("must lie between the years 2000 and 2100")
    return moment.astimezone(UTC)


MomentIn = Annotated[AwareDatetime, AfterValidator(_within_the_century)]
Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]
Amount = Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX)]


def text(most: int, *, least: int = 1) -> StringConstraints:
    """The bounds of a text field, in characters, blanks around it taken off."""
    return StringConstraints(min_length=least, max_length=most, strip_whitespace=True)


Name = Annotated[str, text(100)]
Title = Annotated[str, text(200)]


class PageQuery(Query):
    limit: int = Field(LIMIT_DEFAULT, ge=1, le=LIMIT_MAX)
    cursor: str | None = Field(None, max_length=CURSOR_CHARACTERS_MAX)


class Page(View, Generic[T]):
    items: list[T]
    next_cursor: str | None


def encode_cursor(*parts: str | int | UUID | datetime) -> str:
    """An opaque cursor of the last row's sort key."""
    return urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


def decode_cursor(cursor: str, *kinds: type) -> tuple[object, ...]:
    """The sort key of a cursor of ours, part by part of these kinds; Invalid for any other text."""
    try:
        parts = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(parts, list) or len(parts) != len(kinds):
            raise ValueError("another shape")
        return tuple(_part(part, kind) for part, kind in zip(parts, kinds, strict=True))
    except (ValueError, TypeError, AttributeError) as error:
        raise Invalid.at(("query", "cursor"), "is not a cursor of this list") from error


def _part(part: object, kind: type) -> object:
    if kind is UUID:
        return UUID(str(part))
    if kind is datetime:
        moment = datetime.fromisoformat(str(part))
        if moment.tzinfo is None:
            raise ValueError("no offset")
        return _within_the_century(moment)
    if type(part) is not kind or (isinstance(part, int) and not -(2**62) < part < 2**62):
        raise ValueError("another type")
    if isinstance(part, str) and "\x00" in part:
        raise ValueError("no NUL in a text")
    return part
