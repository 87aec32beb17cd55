"""Availability in Redis: computed by one process at a time, numbered for all of them."""

import zlib
from dataclasses import dataclass
from uuid import UUID

from tiketi.infra.lua import load_script
from tiketi.infra.redis import RedisStore
from tiketi.kernel.ids import new_id
from tiketi.seats import keys

_LOOK = load_script("tiketi.seats", "look_availability")
_PUBLISH = load_script("tiketi.seats", "publish_availability")

# As long as computing may take before somebody else tries.
LEASE_SECONDS = 2.0
# Half a dozen letters in long runs: the least effort makes them small.
COMPRESS_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Look:
    """``version`` 0 when nothing is kept; ``content`` empty when the caller's is the same.

    ``computes`` makes the caller the one to compute; ``now_ms`` is the store's clock.
    """

    version: int
    age_seconds: float
    computes: bool
    now_ms: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Numbered:
    version: int
    content: bytes


async def look(redis: RedisStore, event_id: UUID, known: int, fresh_seconds: float) -> Look:
    """``known`` is the version that the caller has, 0 for none."""
    args = [known, int(fresh_seconds * 1000), int(LEASE_SECONDS * 1000), str(new_id())]
    version, age_ms, computes, now_ms, content = await redis.run(
        _LOOK, [keys.availability(event_id)], args
    )
    return Look(int(version), int(age_ms) / 1000, bool(computes), int(now_ms), _unpacked(content))


async def publish(
    redis: RedisStore, event_id: UUID, *, true_at_ms: int, digest: str, content: bytes, known: int
) -> Numbered:
    """Number the content: as before if unchanged, else one more; or the later one that is kept."""
    packed = zlib.compress(content, COMPRESS_LEVEL)
    reply = await redis.run(
        _PUBLISH, [keys.availability(event_id)], [true_at_ms, digest, packed, known]
    )
    return Numbered(int(reply[0]), content if reply[1] else _unpacked(reply[2]))


def _unpacked(content: bytes) -> bytes:
    return zlib.decompress(content) if content else b""
