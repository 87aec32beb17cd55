"""Every refusal has a code of its own that clients may rely on."""

import re
from collections import Counter
from importlib import import_module
from pkgutil import walk_packages

import tiketi
from tiketi.infra.problem import status_of
from tiketi.kernel.errors import NotFound, TiketiError

SERVER_SIDE = {("internal_error", 500), ("unsupported_http_version", 505)}


def every_error() -> list[type[TiketiError]]:
    for found in walk_packages(tiketi.__path__, "tiketi."):
        if not found.name.endswith("__main__"):
            import_module(found.name)
    seen: list[type[TiketiError]] = []
    waiting = [TiketiError]
    while waiting:
        for child in waiting.pop().__subclasses__():
            seen.append(child)
            waiting.append(child)
    return sorted(set(seen), key=lambda error: error.__name__)


def test_codes_are_stable_words():
    for error in every_error():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", error.code), error
        assert error.title, error


def test_no_two_errors_share_a_code():
    codes = Counter(error.code for error in every_error())
    assert {code: n for code, n in codes.items() if n > 1} == {}


def test_every_error_has_a_client_status_or_says_why_not():
    for error in every_error():
        status = status_of(error)
        assert 400 <= status < 500 or (error.code, status) in SERVER_SIDE or status == 503, error


def test_unknown_and_foreign_read_alike():
    """404s of the modules are plain NotFound, but for the two that the contract names."""
    named = {e.code for e in every_error() if issubclass(e, NotFound)} - {"not_found"}
    assert named == {"not_in_queue", "unknown_api_version"}
