"""Every Redis key of the events module."""

from hashlib import blake2b
from uuid import UUID
from zlib import crc32

from tiketi.infra.copies import CopyKeys
from tiketi.infra.keyspace import Pool, tag_for

# Pages and searches are many; what a new one finds in its place it drives out.
PAGE_PLACES = 4_096


def event_copy(event_id: UUID, shape: str) -> CopyKeys:
    """The event as it was last read, in that shape, and how often it was changed."""
    prefix = f"event:{{{tag_for(Pool.CACHE, event_id)}}}:{event_id}"
    return CopyKeys(f"{prefix}:copy", f"{prefix}:changes", shape)


def page_copy(query: str) -> CopyKeys:
    """A page of the list, and how often any of its events was changed."""
    prefix = f"event:{{{tag_for(Pool.CACHE, 'pages')}}}:pages"
    place = crc32(query.encode()) % PAGE_PLACES
    name = blake2b(query.encode(), digest_size=16).hexdigest()
    return CopyKeys(f"{prefix}:{place}", f"{prefix}:changes", name)
