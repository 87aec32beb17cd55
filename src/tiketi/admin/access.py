"""Whose is what: an organizer has their own events and layouts, staff look, admins have all."""

from typing import Any
from uuid import UUID

from tiketi.events import api as events
from tiketi.events.api import Event
from tiketi.infra.http.call import Call
from tiketi.infra.postgres import Reader
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.errors import NotFound
from tiketi.seats import api as seats
from tiketi.seats.api import SeatLayout


def scope_of(actor: Actor | None) -> UUID | None:
    """The organizer to whose things the actor is confined; None: to nobody's."""
    if actor is None or actor.role is not Role.ORGANIZER:
        return None
    return actor.user_id


async def get_managed_event(reader: Reader, actor: Actor | None, event_id: UUID) -> Event:
    """The event in any state; NotFound, also for another organizer's. The house has them all."""
    event = await events.get_event(reader, event_id)
    if scope_of(actor) not in (None, event.organizer_id):
        raise NotFound
    return event


async def get_managed_layout(reader: Reader, actor: Actor, layout_id: UUID) -> SeatLayout:
    """The layout, to change it; NotFound, also for another's and, to organizers, the house's."""
    layout = await seats.get_layout(reader, layout_id, seen_by=scope_of(actor))
    if scope_of(actor) not in (None, layout.owner_id):
        raise NotFound
    return layout


async def require_managed_event(call: Call[Any, Any]) -> None:
    """The guard of paths with ``{event_id}``."""
    async with call.runtime.database.latest() as reader:
        await get_managed_event(reader, call.actor, call.path_id("event_id"))


async def require_managed_layout(call: Call[Any, Any]) -> None:
    """The guard of changes of ``{layout_id}``."""
    async with call.runtime.database.latest() as reader:
        await get_managed_layout(reader, call.actor, call.path_id("layout_id"))
