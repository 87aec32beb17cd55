"""Numbers are given by the store and reserved in PostgreSQL, a block at a time: so none is given
twice in an epoch, whatever the store forgets.
"""

from uuid import UUID

from tiketi.infra.runtime import Runtime
from tiketi.queue import repository, store
from tiketi.queue.flights import Flights
from tiketi.queue.replies import NumbersUsedUp
from tiketi.queue.syncing import sync_room


async def supply_numbers(runtime: Runtime, event_id: UUID, asked: NumbersUsedUp) -> None:
    """Reserve the next block and give it to the store; who asks meanwhile waits for the same.

    The reservation commits before the store hears of it: a crash between the two wastes a block.
    """

    async def attempt() -> None:
        async with runtime.database.transaction() as tx:
            block = await repository.reserve_numbers(
                tx, event_id, epoch=asked.epoch, life=asked.life, numbers_max=asked.numbers_max
            )
        if block is None:
            await sync_room(runtime, event_id)
        else:
            await store.grant(runtime.redis, event_id, asked, first=block.first, last=block.last)

    await runtime.one(Flights).share(("numbers", event_id, asked), attempt)
