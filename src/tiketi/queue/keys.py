"""The keys of an event's waiting room, all in one hash slot."""

from uuid import UUID

from tiketi.infra.keyspace import Pool, tag_for

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


def room_keys(event_id: UUID) -> list[str]:
    prefix = f"queue:{{{tag_for(Pool.QUEUE, event_id)}}}:{event_id}"
    return [f"{prefix}:{name}" for name in _NAMES]


def pressure_key() -> str:
    """Of all events together."""
    return f"queue:{{{tag_for(Pool.QUEUE, 'pressure')}}}:pressure"
