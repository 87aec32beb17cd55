"""Use cases on layouts, each on record."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tiketi.admin.access import get_managed_layout, scope_of
from tiketi.admin.trail import record
from tiketi.infra.postgres import Tx
from tiketi.kernel.actor import Actor
from tiketi.seats import api as seats
from tiketi.seats.api import LayoutSection, SeatLayout


async def create_layout(
    tx: Tx,
    actor: Actor | None,
    *,
    name: str,
    sections: Sequence[LayoutSection],
    now: datetime,
    layout_id: UUID | None = None,
) -> SeatLayout:
    """An organizer's own; an admin's is the house's, which every organizer may use. Invalid.

    ``actor`` None is the house itself.
    """
    layout = await seats.create_layout(
        tx,
        name=name,
        sections=sections,
        owner_id=scope_of(actor),
        now=now,
        layout_id=layout_id,
    )
    await record(tx, actor, "layout.create", layout.id, now=now, detail={"name": name})
    return layout


async def replace_layout(
    tx: Tx,
    actor: Actor,
    layout_id: UUID,
    *,
    name: str,
    sections: Sequence[LayoutSection],
    now: datetime,
) -> SeatLayout:
    """Change a layout; events keep the seats that they were made with. NotFound, Invalid."""
    await get_managed_layout(tx, actor, layout_id)
    layout = await seats.replace_layout(tx, layout_id, name=name, sections=sections, now=now)
    await record(tx, actor, "layout.replace", layout_id, now=now, detail={"name": name})
    return layout


async def delete_layout(tx: Tx, actor: Actor, layout_id: UUID, *, now: datetime) -> None:
    """NotFound; LayoutInUse while an event names it."""
    layout = await get_managed_layout(tx, actor, layout_id)
    await seats.delete_layout(tx, layout_id)
    await record(tx, actor, "layout.delete", layout_id, now=now, detail={"name": layout.name})
