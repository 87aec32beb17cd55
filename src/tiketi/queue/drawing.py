"""Holding the draw: PostgreSQL records once what is drawn, the store then follows its order."""

from uuid import UUID

from tiketi.infra.runtime import Runtime
from tiketi.queue import repository, store
from tiketi.queue.flights import Flights
from tiketi.queue.replies import DrawDue
from tiketi.queue.syncing import sync_room


async def hold_draw(runtime: Runtime, event_id: UUID, due: DrawDue) -> None:
    """Open the draw of the epoch: the same one however often, and whatever the store forgets.

    The record commits before the store hears of it, and nobody gets a number meanwhile.
    """

    async def attempt() -> None:
        async with runtime.database.transaction() as tx:
            record = await repository.record_draw(
                tx, event_id, epoch=due.epoch, entrants=due.entrants
            )
        if record is None:
            await sync_room(runtime, event_id)
        else:
            await store.open_draw(
                runtime.redis,
                event_id,
                epoch=due.epoch,
                key=record.key,
                entrants=record.entrants,
            )

    await runtime.one(Flights).share(("draw", event_id, due.epoch), attempt)
