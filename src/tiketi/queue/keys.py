"""The keys of an event's waiting room, all in one hash slot."""

from functools import lru_cache
from uuid import UUID

from tiketi.infra.keyspace import Pool, tag_for

# Whose keys are not computed anew with every call.
EVENTS_MAX = 2_000
# The order in which every script takes them; lua/room.lua says what each holds.
_NAMES = (
    "room",
    "waiting",
    "admitted",
    "numbers",
    "left",
    "restored",
    "crew",
    "entrants",
    "early",
    "unshown",
)


@lru_cache(maxsize=EVENTS_MAX)
def room_keys(event_id: UUID) -> tuple[str, ...]:
    prefix = f"queue:{{{tag_for(Pool.QUEUE, event_id)}}}:{event_id}"
    return tuple(f"{prefix}:{name}" for name in _NAMES)


def pressure_key() -> str:
    """Of all events together."""
    return f"queue:{{{tag_for(Pool.QUEUE, 'pressure')}}}:pressure"
