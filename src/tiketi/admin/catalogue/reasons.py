"""What pydantic found, in the words of somebody who writes catalogues."""

from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from tiketi.admin.catalogue import models
from tiketi.admin.catalogue.node import Loc, Node

_FOUND_CHARACTERS_MAX = 40
_PATTERNS = {
    models.SECTION_PATTERN: "a section's name: 1 to 12 of A-Z and 0-9",
    models.ROW_PATTERN: "a row's name: 1 to 8 of A-Z and 0-9",
    models.SEAT_PATTERN: "a seat as ROW-NUMBER, such as 1-12",
    models.SLUG_PATTERN: "lower-case words of a-z and 0-9, joined by hyphens",
    models.URL_PATTERN: "a link that begins with https://, http:// or /",
    models.TIMEZONE_PATTERN: "an IANA time zone, such as Asia/Seoul",
}
_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "fields with values",
    "model_type": "fields with values",
    "string_type": "text",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "string_too_short": ("characters: at least", "min_length"),
    "string_too_long": ("characters: at most", "max_length"),
    "too_short": ("entries: at least", "min_length"),
    "too_long": ("entries: at most", "max_length"),
}


def reason_for(error: ErrorDetails, node: Node | None) -> str:
    """One line; ``node`` is the value at fault, or None where a value is missing."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return "required, but missing"
    if kind == "extra_forbidden":
        return _unknown_field(error["loc"])
    if kind in _BOUNDS:
        words, name = _BOUNDS[kind]
        return f"{words} {context[name]:,}, found {_measure(kind, node)}"
    if kind == "value_error":
        expected = str(context["error"])
    elif kind == "string_pattern_mismatch":
        expected = f"expected {_PATTERNS[context['pattern']]}"
    elif kind == "literal_error":
        expected = f"expected {context['expected']}"
    else:
        expected = f"expected {_EXPECTED[kind]}" if kind in _EXPECTED else error["msg"]
    return f"{expected}, found {_found(node)}{_hint(kind, error['loc'], node)}"


def _found(node: Node | None) -> str:
    if node is None or node.value is None:
        return "nothing"
    if isinstance(node.value, list):
        return "a list"
    if isinstance(node.value, dict):
        return "fields with values"
    if isinstance(node.value, str):
        short = node.value[:_FOUND_CHARACTERS_MAX]
        return repr(short + ("…" if short != node.value else ""))
    return (node.source or "")[:_FOUND_CHARACTERS_MAX]


def _measure(kind: str, node: Node | None) -> str:
    sized = node.value if node is not None else None
    if "too" in kind and isinstance(sized, str | list):
        return f"{len(sized):,}"
    return _found(node)


def _hint(kind: str, loc: Loc, node: Node | None) -> str:
    if kind == "string_type" and node is not None and isinstance(node.value, bool | int | float):
        return f': put it in quotes, "{(node.source or "")[:_FOUND_CHARACTERS_MAX]}"'
    if kind == "int_type" and ("price" in loc or "prices" in loc):
        return ": amounts count the currency's minor unit, 10.50 USD is 1050 and 15,000 KRW 15000"
    return ""


def _unknown_field(loc: Loc) -> str:
    known = list(_model_at(loc[:-1]).model_fields)
    close = get_close_matches(str(loc[-1])[:_FOUND_CHARACTERS_MAX], known, n=1)
    if close:
        return f"unknown field: did you mean {close[0]}?"
    return f"unknown field: known are {', '.join(known)}"


def _model_at(loc: Loc) -> type[BaseModel]:
    """The model that a location stands in; indices and unions' tags name no field."""
    model: type[BaseModel] = models.Catalogue
    for step in loc:
        if isinstance(step, str) and step in model.model_fields:
            model = _model_within(model.model_fields[step].annotation) or model
    return model


def _model_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_within(part) for part in get_args(annotation))
    return next((model for model in found if model is not None), None)
