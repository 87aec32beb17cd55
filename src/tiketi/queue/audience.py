"""How many came to each line: read from the store now and then, and kept in PostgreSQL.

A number is given once to an account that stays; who leaves and joins again has two. The count is
of numbers, so it is slightly above that of people, and misses at most the joins between the last
round and a loss of the store.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable
from tiketi.queue import repository
from tiketi.queue.audience_repository import NumbersGiven, record_given
from tiketi.queue.keys import room_keys

ROOMS_MAX = 1_000
ROOMS_AT_ONCE_MAX = 16
# The last joins of a sale are recorded by a round after its end.
CLOSED_FOR = timedelta(hours=1)


class AudienceRecorder:
    """The same rounds in every queue process: each remembers what it recorded, none leads."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._recorded: dict[UUID, NumbersGiven] = {}

    async def run_round(self) -> bool:
        """Record the lines that have grown since this process last did."""
        now = self._runtime.clock.now()
        async with self._runtime.database.reader() as reader:
            rooms = await repository.list_active_rooms(
                reader, closed_for=CLOSED_FOR, rooms_max=ROOMS_MAX
            )
        at_once = asyncio.Semaphore(ROOMS_AT_ONCE_MAX)

        async def read(event_id: UUID) -> NumbersGiven | None:
            async with at_once:
                return await _read_given(self._runtime, event_id)

        read_now = await asyncio.gather(*(read(room.event_id) for room in rooms))
        given = {one.event_id: one for one in read_now if one is not None}
        grown = [one for one in given.values() if self._recorded.get(one.event_id) != one]
        if grown:
            async with self._runtime.database.transaction() as tx:
                await record_given(tx, grown, now)
        self._recorded = given
        return False


async def _read_given(runtime: Runtime, event_id: UUID) -> NumbersGiven | None:
    """None while the store is away, and before anybody came."""
    room_key = room_keys(event_id)[0]
    try:
        epoch, life, last = await runtime.redis.command("HMGET", room_key, "epoch", "life", "next")
    except Unavailable:
        return None
    if not last or int(last) == 0:
        return None
    return NumbersGiven(event_id, int(epoch), int(life), int(last))
