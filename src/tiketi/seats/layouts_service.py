"""Use cases on layouts, and on opening an event's places from one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from tiketi.events import api as events
from tiketi.events.api import Tier
from tiketi.infra.http.wire import decode_cursor, encode_cursor
from tiketi.infra.postgres import Reader, Tx
from tiketi.kernel.errors import NotFound
from tiketi.kernel.ids import new_id
from tiketi.seats import allotments_repository, maps_repository
from tiketi.seats import layouts_repository as repository
from tiketi.seats.domain import MAP_VERSION_FIRST, SeatMap
from tiketi.seats.drawing import draw_map
from tiketi.seats.errors import LayoutInUse
from tiketi.seats.layouts import LayoutSection, SeatLayout, check_sections

# General places of a tier are split over this many rows where one would be written too often.
BUCKETS = 8
SPLIT_CAPACITY_MIN = 1_000


@dataclass(frozen=True, slots=True)
class LayoutSummary:
    """A layout without its sections; ``owner_id`` None is the house's own."""

    id: UUID
    owner_id: UUID | None
    name: str
    capacity: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class LayoutPage:
    items: tuple[LayoutSummary, ...]
    next_cursor: str | None


async def create_layout(
    tx: Tx,
    *,
    name: str,
    sections: Sequence[LayoutSection],
    owner_id: UUID | None,
    now: datetime,
    layout_id: UUID | None = None,
) -> SeatLayout:
    """Keep a layout. Invalid, with the place of each mistake in the sections."""
    check_sections(sections)
    layout = SeatLayout(layout_id or new_id(), owner_id, name, tuple(sections), now, now)
    await repository.insert_layout(tx, layout)
    return layout


async def get_layout(reader: Reader, layout_id: UUID, *, seen_by: UUID | None = None) -> SeatLayout:
    """The layout; NotFound, also when it is not one that the user ``seen_by`` may see."""
    layout = await repository.find_layout(reader, layout_id)
    if layout is None or (seen_by is not None and not layout.is_seen_by(seen_by)):
        raise NotFound
    return layout


async def list_layouts(
    reader: Reader, *, seen_by: UUID | None, limit: int, cursor: str | None = None
) -> LayoutPage:
    """Newest first: those the user may see, or with None all. Invalid for another's cursor."""
    after = None if cursor is None else _read_cursor(cursor)
    rows = await repository.list_rows(reader, seen_by=seen_by, after=after, limit=limit + 1)
    items = tuple(LayoutSummary(**row) for row in rows[:limit])
    is_last = len(rows) <= limit
    return LayoutPage(items, None if is_last else encode_cursor(items[-1].id))


async def replace_layout(
    tx: Tx, layout_id: UUID, *, name: str, sections: Sequence[LayoutSection], now: datetime
) -> SeatLayout:
    """Change a layout; events made from it keep the map that they were made with. NotFound."""
    check_sections(sections)
    layout = await repository.lock_layout(tx, layout_id)
    if layout is None:
        raise NotFound
    layout = replace(layout, name=name, sections=tuple(sections), updated_at=now)
    await repository.replace_layout(tx, layout)
    return layout


async def delete_layout(tx: Tx, layout_id: UUID) -> None:
    """Delete a layout; NotFound, LayoutInUse while an event names it."""
    if await repository.lock_layout(tx, layout_id) is None:
        raise NotFound
    if await events.names_layout(tx, layout_id):
        raise LayoutInUse
    await repository.delete_layout(tx, layout_id)


async def open_map(tx: Tx, event_id: UUID, layout: SeatLayout, tiers: Sequence[Tier]) -> None:
    """Give the event its own copy of the layout and a row for each seat, all available.

    ``tiers`` are the event's; each section's is the seated one of that section.
    """
    # Python bytecode gives way to the event loop now and then, which the bare call would not.
    seat_map, document = await asyncio.to_thread(draw_map, event_id, layout.sections, tiers)
    await maps_repository.insert_map(tx, seat_map, document)


async def open_general(tx: Tx, event_id: UUID, tier: Tier) -> None:
    """Put the tier's general places on sale, in one row or, where that would be hot, several."""
    parts = BUCKETS if tier.capacity >= SPLIT_CAPACITY_MIN else 1
    share, rest = divmod(tier.capacity, parts)
    capacities = [share + (bucket < rest) for bucket in range(parts)]
    await maps_repository.insert_buckets(tx, event_id, tier.id, capacities)


async def read_map(reader: Reader, event_id: UUID) -> SeatMap:
    """The event's seat map, also a draft's; without sections where all admission is general."""
    found = await maps_repository.find_map(reader, event_id)
    return found or SeatMap(event_id, MAP_VERSION_FIRST, ())


async def drop_map(tx: Tx, event_id: UUID) -> None:
    """Take the event's seats and general places away, and what was kept back of them: for drafts,
    which nobody has bought from.
    """
    await allotments_repository.delete_all(tx, event_id)
    await events.drop_codes(tx, event_id, events.CodeFor.ALLOTMENT)
    await maps_repository.delete_map(tx, event_id)


def _read_cursor(cursor: str) -> UUID:
    (layout_id,) = decode_cursor(cursor, UUID)
    assert isinstance(layout_id, UUID)
    return layout_id
