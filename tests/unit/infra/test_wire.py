from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel

from tiketi.infra.http.body import parse_body
from tiketi.infra.http.errors import MalformedJson
from tiketi.infra.http.wire import Body, decode_cursor, encode_cursor
from tiketi.kernel.errors import Invalid
from tiketi.kernel.ids import new_id


class Order(Body):
    name: str
    quantity: int = 1
    event_id: UUID | None = None


@given(st.text())
@example("WzFd")
@example("bnVsbA")
def test_a_foreign_cursor_is_invalid(text):
    try:
        decode_cursor(text, datetime, UUID)
    except Invalid:
        return
    raise AssertionError("no text of this strategy is a cursor of ours")


def test_a_cursor_of_ours_comes_back():
    moment, one = datetime(2026, 1, 1, 12, 0, 0, 123, tzinfo=UTC), new_id()
    assert decode_cursor(encode_cursor(moment, one), datetime, UUID) == (moment, one)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"name": NaN}',
        b"[" * 100_000,
        b'{"name": "\x01"}',
        b"nul",
        b'\xef\xbb\xbf{"name": "a"}',
        '{"name": "a"}'.encode("utf-16"),
    ],
)
def test_what_is_not_json_is_malformed(raw):
    with pytest.raises(MalformedJson):
        parse_body(raw, Order)


@pytest.mark.parametrize(
    "raw",
    [
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"name": 1}',
        b'{"name": "a", "quantity": "1"}',
        b'{"name": "a", "quantity": 1.5}',
        b'{"name": "a", "quantity": true}',
        b'{"name": "a", "quantity": 1e999}',
        b'{"name": "a", "other": 1}',
        b'{"name": "\\ud800"}',
        b'{"name": "a\\u0000b"}',
        b'{"name": "a", "event_id": "not-an-id"}',
    ],
)
def test_what_is_another_shape_is_invalid(raw):
    with pytest.raises(Invalid) as refused:
        parse_body(raw, Order)
    for error in refused.value.fields["errors"]:
        assert set(error) == {"loc", "msg", "type"}
        assert error["loc"][0] == "body"


def test_a_backslash_before_u0000_is_only_text():
    assert parse_body(b'{"name": "a\\\\u0000"}', Order).name == "a\\u0000"


@given(st.binary(max_size=200))
def test_no_bytes_are_a_surprise(raw):
    try:
        parsed = parse_body(raw, Order)
    except (MalformedJson, Invalid):
        return
    assert isinstance(parsed, BaseModel)
