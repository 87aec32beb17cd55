"""The store follows PostgreSQL: a room's settings, and a life anew where its data is gone."""

import secrets
from uuid import UUID

from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound
from tiketi.queue import repository, store
from tiketi.queue.domain import WaitingRoom
from tiketi.queue.flights import Flights

# A life's id only has to differ from those before it, and to be exact in a Lua number.
_LIFE_BITS = 48


async def sync_room(runtime: Runtime, event_id: UUID) -> None:
    """Bring the store to what PostgreSQL says now; NotFound where there is no such room."""

    async def attempt() -> None:
        async with runtime.database.latest() as reader:
            room = await repository.find_room(reader, event_id)
        if room is None:
            raise NotFound
        await apply_room(runtime, room)

    await runtime.one(Flights).share(("sync", event_id), attempt)


async def apply_room(runtime: Runtime, room: WaitingRoom) -> None:
    """Bring the store to these settings, unless it has newer ones."""
    pass_ttl_seconds = room.settings.pass_ttl_seconds or runtime.settings.pass_ttl_seconds
    await store.apply(
        runtime.redis,
        room,
        pass_ttl_seconds=pass_ttl_seconds,
        new_life=1 + secrets.randbits(_LIFE_BITS),
    )
