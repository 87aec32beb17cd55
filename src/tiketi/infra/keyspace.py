"""Where keys live: pools of Redis Cluster hash slots, and a tag for every entity in its pool.

In a cluster the hash slot of the ``{tag}`` chooses the shard, not the prefix. So the 16,384 slots
are divided among three pools, and an entity's tag is taken from a table with one short text for
every slot. On one standalone server the same keys work unchanged.
"""

from binascii import crc_hqx
from enum import Enum
from functools import cache
from hashlib import blake2b
from itertools import count

SLOTS = 16_384
SHARDS = 6


class Pool(Enum):
    """A pool's slots, first and last, both included. deploy/ emits the same ranges."""

    QUEUE = (0, 2_730)
    LOCK = (2_731, 5_460)
    CACHE = (5_461, 16_383)


def slot_of(tag: str) -> int:
    """The hash slot of a tag: CRC16/XMODEM modulo 16,384 (Redis Cluster specification)."""
    return crc_hqx(tag.encode(), 0) % SLOTS


@cache
def tags() -> tuple[str, ...]:
    """The shortest decimal text for each slot, by slot."""
    table: dict[int, str] = {}
    for number in count():
        table.setdefault(slot_of(str(number)), str(number))
        if len(table) == SLOTS:
            return tuple(table[slot] for slot in range(SLOTS))
    raise AssertionError("counting never ends")


@cache
def slots_in(pool: Pool) -> range:
    first, last = pool.value
    return range(first, last + 1)


def tag_for(pool: Pool, *entity: object) -> str:
    """The entity's tag, always the same, its slot spread evenly over the pool."""
    digest = blake2b(":".join(map(str, entity)).encode(), digest_size=8).digest()
    slots = slots_in(pool)
    return tags()[slots[int.from_bytes(digest) % len(slots)]]
