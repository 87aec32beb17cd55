"""Every Redis key of the seats module."""

from functools import lru_cache
from uuid import UUID

from tiketi.infra.copies import CopyKeys
from tiketi.infra.keyspace import Pool, tag_for

# Sections whose tags a process remembers: those of the events that it sells.
SECTIONS_REMEMBERED_MAX = 4_096


@lru_cache(SECTIONS_REMEMBERED_MAX)
def section_tag(event_id: UUID, section: str) -> str:
    """Locks are placed by event and section, so that one event need not sit on one shard."""
    return tag_for(Pool.LOCK, event_id, section)


def seat_lock(event_id: UUID, section: str, seat_index: int) -> str:
    """Who has locked the seat."""
    return f"lock:seat:{{{section_tag(event_id, section)}}}:{event_id}:{seat_index}"


def section_locks(event_id: UUID, section: str) -> str:
    """The section's locked seats by the time that they lapse, for availability."""
    return f"lock:section:{{{section_tag(event_id, section)}}}:{event_id}:{section}"


def lock_record(lock_id: UUID) -> str:
    """What a lock was for; it outlives the lock, so that a lapsed one is known as such."""
    return f"lock:record:{{{tag_for(Pool.LOCK, lock_id)}}}:{lock_id}"


def fence(event_id: UUID) -> str:
    """The event's counter of locks given."""
    return f"lock:fence:{{{tag_for(Pool.LOCK, event_id)}}}:{event_id}"


def availability(event_id: UUID) -> str:
    """The event's availability as it was last computed, and who computes it anew."""
    return f"event:{{{tag_for(Pool.CACHE, event_id)}}}:{event_id}:availability"


def map_copy(event_id: UUID) -> CopyKeys:
    """The document of the event's seat map. A map that is shown never changes."""
    prefix = f"event:{{{tag_for(Pool.CACHE, event_id)}}}:{event_id}:map"
    return CopyKeys(prefix, f"{prefix}:changes")
