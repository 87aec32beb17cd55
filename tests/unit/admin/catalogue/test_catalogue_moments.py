"""Times that a file writes, at one known moment of seeding."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiketi.admin.catalogue.moments import check_moment, resolve_moment
from tiketi.kernel.clock import rfc3339

NOW = datetime(2026, 11, 22, 20, 4, 5, 678_901, tzinfo=UTC)
START = datetime(2026, 12, 24, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "timezone", "expected"),
    [
        ("2026-12-24T19:30:00+09:00", "Asia/Seoul", "2026-12-24T10:30:00Z"),
        ("2026-12-24 19:30:00Z", "Asia/Seoul", "2026-12-24T19:30:00Z"),
        ("2026-12-24t19:30:00.250z", "Asia/Seoul", "2026-12-24T19:30:00.250Z"),
        ("now", "Asia/Seoul", "2026-11-22T20:04:05Z"),
        ("+2h", "Asia/Seoul", "2026-11-22T22:04:05Z"),
        ("-1d12h30m5s", "Asia/Seoul", "2026-11-21T07:34:00Z"),
        ("+1w", "Asia/Seoul", "2026-11-29T20:04:05Z"),
        # In Seoul it is already the 23rd, in New York still the 22nd.
        ("+1d 19:30", "Asia/Seoul", "2026-11-24T10:30:00Z"),
        ("+1d 19:30", "America/New_York", "2026-11-24T00:30:00Z"),
        ("+120d 19:30", "America/New_York", "2027-03-22T23:30:00Z"),
        ("-0d 00:00", "UTC", "2026-11-22T00:00:00Z"),
        ("start", "Asia/Seoul", "2026-12-24T10:30:00Z"),
        ("start-24h", "Asia/Seoul", "2026-12-23T10:30:00Z"),
        ("start+90m", "Asia/Seoul", "2026-12-24T12:00:00Z"),
    ],
)
def test_moment_is_reckoned(text, timezone, expected):
    moment = resolve_moment(check_moment(text), now=NOW, timezone=timezone, start=START)
    assert rfc3339(moment) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "2h", "+2 h", "+2x", "+h", "tomorrow", "start 1h", "+123456d", "+\u0661h", "now\n"),
        *("2026-12-24", "2026-12-24T19:30:00", "2026-13-01T00:00:00Z", "+1d 24:00"),
        *("2026-12-24T19:30:00+24:00", "0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59-09:00"),
        "2026-06-30T23:59:60Z",
    ],
)
def test_anything_else_is_no_moment(text):
    with pytest.raises(ValueError, match=r"."):
        check_moment(text)


@pytest.mark.parametrize("text", ["+99999w", "-99999w", "+99999d 10:00", "-99999d 10:00"])
def test_moment_beyond_the_calendar_is_refused(text):
    with pytest.raises(ValueError, match="outside the years"):
        resolve_moment(check_moment(text), now=NOW, timezone="Asia/Seoul")


def test_start_cannot_lean_on_itself():
    with pytest.raises(ValueError, match="from the start"):
        resolve_moment("start-1h", now=NOW, timezone="Asia/Seoul")


@settings(deadline=None)
@given(st.from_regex(r"(now|start|[+-])?([0-9+-]{0,8}[wdhmsTZ: ]{0,2}){0,6}", fullmatch=True))
def test_whatever_passes_the_check_resolves_or_is_out_of_range(text):
    try:
        check_moment(text)
        resolve_moment(text, now=NOW, timezone="Asia/Seoul", start=START)
    except ValueError:
        pass
