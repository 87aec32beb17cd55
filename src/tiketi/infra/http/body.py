"""From bytes to a validated model, with the contract's refusals in the contract's order."""

import json
from collections.abc import Iterable
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request

from tiketi.infra.http.errors import (
    BodyTooLarge,
    MalformedJson,
    MalformedRequest,
    UnsupportedMediaType,
)
from tiketi.kernel.errors import Invalid

M = TypeVar("M", bound=BaseModel)

ERRORS_MAX = 20
_Loc = tuple[str | int, ...]


def check_media_type(request: Request) -> None:
    """UnsupportedMediaType when there is a body that does not call itself JSON."""
    has_body = request.headers.get("content-length") not in (None, "0") or (
        "transfer-encoding" in request.headers
    )
    media_type = request.headers.get("content-type")
    if media_type is None and not has_body:
        return
    if (media_type or "").split(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType


def check_length(request: Request, bytes_max: int) -> None:
    """BodyTooLarge when the client itself announces too much."""
    length = request.headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length[:20]) > bytes_max:
        raise BodyTooLarge(f"A body may have at most {bytes_max} bytes.")


def parse_body(raw: bytes, model: type[M]) -> M:
    """The body as the model; MalformedJson if it is not JSON, Invalid if not the model."""
    _check_well_formed(raw)
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise invalid(error, "body") from error


def parse_query(params: QueryParams, model: type[M]) -> M:
    raw: dict[str, Any] = dict(params.multi_items())
    if any("\x00" in text or not _is_encodable(text) for text in raw.values()):
        raise Invalid.at(("query",), "contains a character that no text may have")
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise invalid(error, "query") from error


def invalid(error: ValidationError, where: str) -> Invalid:
    """The model's complaints as ``errors: [{loc, msg, type}]``, without echoing the input."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return Invalid(
        errors=[
            {"loc": [where, *item["loc"]], "msg": _printable(item["msg"]), "type": item["type"]}
            for item in found[:ERRORS_MAX]
        ]
    )


def _check_well_formed(raw: bytes) -> None:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as refusal:
        _check_like_the_standard(raw, refusal)
        # What RFC 8259 allows and orjson refuses: lone surrogates and numbers out of all range.
        raise Invalid.at(("body",), "contains a character or number out of range") from refusal
    if b"\\u0000" in raw:
        for loc, text in _texts(value, ("body",)):
            if "\x00" in text:
                raise Invalid.at(loc, "may not contain NUL", "string_nul")


def _check_like_the_standard(raw: bytes, refusal: Exception) -> None:
    try:
        # As text: of bytes it would guess the encoding, and JSON has but one.
        json.loads(raw.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise MalformedJson(_printable(str(refusal))) from refusal


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _texts(value: object, loc: _Loc) -> Iterable[tuple[_Loc, str]]:
    if isinstance(value, str):
        yield loc, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*loc, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*loc, "key"), key
            yield from _texts(item, (*loc, key.replace("\x00", "")))


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def check_header_text(value: str, name: str) -> str:
    """The header's value; MalformedRequest unless it is printable ASCII."""
    if not value.isascii() or not value.isprintable():
        raise MalformedRequest(f"{name} must be printable ASCII.")
    return value
