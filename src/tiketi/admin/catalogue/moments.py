"""A moment as a catalogue writes it: absolute, or reckoned from the seeding or the start.

``2026-12-24T19:30:00+09:00``   RFC 3339, its offset included
``now``, ``+2h``, ``-1d12h``    from the moment of seeding; units w d h m s
``+30d 19:30``                  that many days from today, at a time of the venue's own clock
``start``, ``start-24h``        from the event's ``starts_at``
"""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DATE_TIME = r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?"
_SPAN = r"[+-](\d{1,5}[wdhms])+"
_ABSOLUTE = re.compile(rf"{_DATE_TIME}([Zz]|[+-]\d{{2}}:\d{{2}})", re.ASCII)
_LOCAL = re.compile(rf"{_DATE_TIME}|\d{{4}}-\d{{2}}-\d{{2}}", re.ASCII)
_RELATIVE = re.compile(rf"now|{_SPAN}", re.ASCII)
_DAY_AT = re.compile(r"([+-]\d{1,5})d ([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_FROM_START = re.compile(rf"start({_SPAN})?", re.ASCII)
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}

YEAR_MIN, YEAR_MAX = 2000, 2099

MOMENT_PATTERN = (
    "^(" + "|".join(part.pattern for part in (_ABSOLUTE, _RELATIVE, _DAY_AT, _FROM_START)) + ")$"
).replace(r"\d", "[0-9]")


def check_moment(text: str) -> str:
    """The same text, or ValueError with the reason that it is no moment."""
    if _ABSOLUTE.fullmatch(text):
        _within_years(datetime.fromisoformat(text.upper()))
    elif _LOCAL.fullmatch(text):
        raise ValueError(f"a time without its offset: write it like {text[:10]}T19:30:00+09:00")
    elif not any(form.fullmatch(text) for form in (_RELATIVE, _DAY_AT, _FROM_START)):
        raise ValueError("no moment: 2026-12-24T19:30:00+09:00, now, +2h, '+30d 19:30', start-24h")
    return text


def needs_start(text: str) -> bool:
    return _FROM_START.fullmatch(text) is not None


def resolve_moment(
    text: str, *, now: datetime, timezone: str, start: datetime | None = None
) -> datetime:
    """The moment in UTC, in whole seconds when it is relative.

    ``timezone`` is an IANA name. Raises ValueError outside the years 2000 to 2100, and for one
    that needs a ``start`` where there is none.
    """
    now = now.astimezone(UTC).replace(microsecond=0)
    try:
        if _ABSOLUTE.fullmatch(text):
            return _within_years(datetime.fromisoformat(text.upper()))
        if day := _DAY_AT.fullmatch(text):
            zone = ZoneInfo(timezone)
            date = now.astimezone(zone).date() + timedelta(days=int(day[1]))
            local = datetime.combine(date, time(int(day[2]), int(day[3])), zone)
            return _within_years(local)
        if needs_start(text):
            if start is None:
                raise ValueError("the start itself cannot be reckoned from the start")
            return _within_years(start + _span(text.removeprefix("start")))
        return _within_years(now + _span(text.removeprefix("now")))
    except OverflowError:
        raise ValueError(f"outside the years {YEAR_MIN} to {YEAR_MAX}") from None


def _span(text: str) -> timedelta:
    parts = re.findall(r"(\d+)([wdhms])", text, re.ASCII)
    seconds = sum(int(count) * _UNITS[unit] for count, unit in parts)
    return timedelta(seconds=-seconds if text.startswith("-") else seconds)


def _within_years(moment: datetime) -> datetime:
    if not YEAR_MIN <= moment.year <= YEAR_MAX:
        raise ValueError(f"outside the years {YEAR_MIN} to {YEAR_MAX}")
    return moment.astimezone(UTC)
