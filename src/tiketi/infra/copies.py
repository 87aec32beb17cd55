"""What the database said, kept in Redis for all processes, so that one of them asks for all.

Each copy has a generation beside it, which whoever changes what it was read from makes grow. A
copy of an earlier generation is only for when the database is away.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tiketi.infra.lua import load_script
from tiketi.infra.redis import RedisStore
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable
from tiketi.kernel.ids import new_id

_LOOK = load_script("tiketi.infra", "look_copy")
_KEEP = load_script("tiketi.infra", "keep_copy")
_CHANGE = load_script("tiketi.infra", "change_copies")

# As long as reading may take before somebody else tries.
LEASE_SECONDS = 2.0
# Who finds nothing waits for the one that reads, in steps, and no longer than its lease.
WAIT_SECONDS = 0.02
WAITS_MAX = 100
# Redis that was away is left alone for so long: its timeouts would make everything late.
STORE_PAUSE_SECONDS = 5.0
# A replica may be so far behind: what was just changed is read from the writer.
REPLICA_LAG_SECONDS = 2.0

# Reads the content; ``True`` for from the writer.
Read = Callable[[bool], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class CopyKeys:
    """``place`` and ``generation`` lie in one slot. Several names may share a place."""

    place: str
    generation: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """``content`` None: it is what the caller has of that ``stamp``.

    ``shared`` is False when Redis was away, and then nobody else has it.
    """

    content: bytes | None
    stamp: str
    age_seconds: float
    shared: bool = True


@dataclass(frozen=True, slots=True)
class _Look:
    exists: bool
    current: bool
    age_seconds: float
    reads: bool
    now_ms: int
    generation: str
    changed_lately: bool
    stamp: str
    content: bytes

    def copy(self, known: str) -> Copy:
        content = None if self.stamp == known else self.content
        return Copy(content, self.stamp, self.age_seconds)


class Copies:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._away_until = 0.0

    async def fetch(
        self, keys: CopyKeys, read: Read, *, known: str, fresh_seconds: float, kept_seconds: float
    ) -> Copy:
        """The copy, read anew by this process if it is the one to. Raises what ``read`` raises.

        ``known`` is the stamp of what the caller has. Where the database is away, what there is.
        """
        look = await self._look_until_there(keys, known, fresh_seconds)
        if look is None:
            return Copy(await read(False), "", 0.0, shared=False)
        if not look.reads and look.exists:
            return look.copy(known)
        try:
            content = await read(look.changed_lately)
        except Unavailable:
            await self._give_up(keys)
            if not look.exists:
                raise
            return look.copy(known)
        except BaseException:
            await self._give_up(keys)
            raise
        await self._keep(keys, look, content, kept_seconds)
        return Copy(content, f"{look.generation}:{look.now_ms}", 0.0)

    async def change(self, *generations: str) -> None:
        """Copies of before are not current any more; raises Unavailable."""
        for generation in generations:
            await self._runtime.redis.run(_CHANGE, [generation], [])

    async def _look_until_there(
        self, keys: CopyKeys, known: str, fresh_seconds: float
    ) -> _Look | None:
        """None while Redis is away. After the last wait, what is there, if only of before."""
        if self._runtime.clock.monotonic() < self._away_until:
            return None
        for _ in range(WAITS_MAX):
            try:
                look = await _look(self._runtime.redis, keys, known, fresh_seconds)
            except Unavailable:
                self._pause()
                return None
            if look.reads or look.current:
                return look
            await asyncio.sleep(WAIT_SECONDS)
        return look

    async def _keep(self, keys: CopyKeys, look: _Look, content: bytes, kept_seconds: float) -> None:
        kept_ms = int(kept_seconds * 1000)
        args = [keys.name, look.generation, look.now_ms, kept_ms, content]
        try:
            await self._runtime.redis.run(_KEEP, [keys.place, keys.generation], args)
        except Unavailable:
            self._pause()

    async def _give_up(self, keys: CopyKeys) -> None:
        """Nobody need wait for this process."""
        try:
            await self._runtime.redis.command("HDEL", keys.place, "lease", "lease_of", "holder")
        except Unavailable:
            self._pause()

    def _pause(self) -> None:
        self._away_until = self._runtime.clock.monotonic() + STORE_PAUSE_SECONDS


async def _look(redis: RedisStore, keys: CopyKeys, known: str, fresh_seconds: float) -> _Look:
    args = [keys.name, known, int(fresh_seconds * 1000), int(LEASE_SECONDS * 1000), str(new_id())]
    reply = await redis.run(_LOOK, [keys.place, keys.generation], args)
    state, age_ms, reads, now_ms, generation, changed_ms, stamp, content = reply
    return _Look(
        exists=state > 0,
        current=state == _CURRENT,
        age_seconds=int(age_ms) / 1000,
        reads=bool(reads),
        now_ms=int(now_ms),
        generation=generation.decode(),
        changed_lately=0 <= int(changed_ms) < REPLICA_LAG_SECONDS * 1000,
        stamp=stamp.decode(),
        content=content,
    )


_CURRENT = 2
