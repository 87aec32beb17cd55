"""Where keys live: pools of Redis Cluster hash slots, and a tag for every entity in its pool.

In a cluster the hash slot of the ``{tag}`` chooses the shard, not the prefix. So the 16,384 slots
are divided among three pools, and an entity's tag is taken from a table with one short text for
every slot. On one standalone server the same keys work unchanged.
"""

from binascii import crc_hqx
from dataclasses import dataclass
from enum import Enum
from functools import cache
from hashlib import blake2b
from itertools import count

SLOTS = 16_384


class Pool(Enum):
    """A pool's slots, first and last, both included."""

    QUEUE = (0, 2_730)
    LOCK = (2_731, 5_460)
    CACHE = (5_461, 16_383)


# How many shards each pool spans. More of them need no other tags: a shard's slots are divided.
SHARDS_OF_POOL = {Pool.QUEUE: 1, Pool.LOCK: 1, Pool.CACHE: 4}


@dataclass(frozen=True, slots=True)
class Shard:
    """One master's slots, ``first`` to ``last``, both included. ``number`` counts from 1."""

    number: int
    pool: Pool
    first: int
    last: int

    @property
    def slot_range(self) -> str:
        """As ElastiCache's ``NodeGroupConfiguration.Slots`` takes it."""
        return f"{self.first}-{self.last}"


@cache
def shards() -> tuple[Shard, ...]:
    """The cluster's shards, each pool's slots divided evenly among its own.

    Whatever makes a cluster takes the ranges from here: deploy/, and the embedded one.
    """
    pools = [(pool, part) for pool in Pool for part in range(SHARDS_OF_POOL[pool])]
    return tuple(_shard(number, *place) for number, place in enumerate(pools, start=1))


def _shard(number: int, pool: Pool, part: int) -> Shard:
    slots, parts = slots_in(pool), SHARDS_OF_POOL[pool]
    first = slots[len(slots) * part // parts]
    last = slots[len(slots) * (part + 1) // parts - 1]
    return Shard(number, pool, first, last)


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
