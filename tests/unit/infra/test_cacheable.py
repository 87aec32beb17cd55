import gzip

import pytest
from starlette.requests import Request

from tiketi.infra.http.cacheable import Document, reads_gzip

LARGE = b'{"a": "' + b"x" * 5000 + b'"}'


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw})


@pytest.mark.parametrize(
    ("accepted", "yes"),
    [
        ("gzip", True),
        ("GZIP;q=0.5, br", True),
        ("br, *", True),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip; q=0.0", False),
        ("br;q=1", False),
        ("gzip;q=x", False),
        ("", False),
        (";;,,q=", False),
    ],
)
def test_gzip_is_sent_only_to_who_reads_it(accepted, yes):
    assert reads_gzip(request(accept_encoding=accepted)) is yes


def test_a_large_document_is_compressed_and_a_small_one_is_not():
    answer = Document(LARGE).answer(request(accept_encoding="gzip"), "public")
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == LARGE
    small = Document(b"{}").answer(request(accept_encoding="gzip"), "public")
    assert "content-encoding" not in small.headers
    assert small.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("form", ["{}", 'W/"other", {}', "*", "{strong}"])
def test_who_has_it_already_is_told_so(form):
    document = Document(LARGE)
    known = form.format(document.etag, strong=document.etag.removeprefix("W/"))
    answer = document.answer(request(if_none_match=known), "public, max-age=1")
    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.headers["etag"] == document.etag
    assert answer.headers["cache-control"] == "public, max-age=1"
    assert "content-length" not in answer.headers


def test_another_tag_is_no_reason_for_304():
    assert Document(LARGE).answer(request(if_none_match='"x"'), "public").status_code == 200
    assert Document(LARGE).etag != Document(b"{}").etag


def test_a_stale_answer_says_so():
    answer = Document(b"{}").answer(request(), "public", age_seconds=42.9, stale=True)
    assert answer.headers["age"] == "42"
    assert answer.headers["warning"].startswith("110")
    fresh = Document(b"{}").answer(request(), "public", age_seconds=0.4)
    assert "age" not in fresh.headers
    assert "warning" not in fresh.headers
