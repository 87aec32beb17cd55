"""Identifiers: UUIDv7 (RFC 9562 §5.7), so that new rows land at the end of an index."""

import secrets
import time
from datetime import datetime
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62


def new_id() -> UUID:
    """A fresh UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    # An id's time only orders index pages, no rule is decided by it: so it may read its own.
    milliseconds = time.time_ns() // 1_000_000
    random_a = secrets.randbits(12) << 64
    return UUID(int=milliseconds << 80 | _VERSION | random_a | _VARIANT | secrets.randbits(62))


def parse_id(text: str) -> UUID | None:
    """The UUID that the text names in its canonical form, or None."""
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None


def least_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of that millisecond: what was made then or later is not below it."""
    return UUID(int=int(moment.timestamp() * 1000) << 80 | _VERSION | _VARIANT)
