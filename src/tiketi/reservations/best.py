"""Best available: the group of seats that a clerk would offer first."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from tiketi.events.api import Event, TierKind
from tiketi.infra.postgres import Reader
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Invalid
from tiketi.reservations.ordering import Plan, plan_order
from tiketi.seats import api as seats
from tiketi.seats.api import NoSeatsTogether, SeatMap, SeatMaps, SeatRow

# How often another group is looked for when somebody was faster.
TRIES_MAX = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What a buyer asks for. Accessible seats go only to those who ask for them."""

    quantity: int
    tier_id: UUID | None
    section: str | None
    adjacent: bool
    accessible: bool


@dataclass(frozen=True, slots=True)
class Search:
    """Where to look for a wish."""

    event: Event
    seat_map: SeatMap
    tier_ids: tuple[UUID, ...]
    wish: Wish


async def plan_search(runtime: Runtime, event: Event, wish: Wish) -> Search:
    """Invalid for a tier or a section that the event has not."""
    tiers = [tier for tier in event.tiers if tier.kind is TierKind.SEATED]
    if wish.tier_id is not None:
        tiers = [tier for tier in tiers if tier.id == wish.tier_id]
        if not tiers:
            raise Invalid.at(("body", "tier_id"), "is not a seated tier of this event")
    seat_map = await runtime.one(SeatMaps).get(event.id)
    names = {section.name for section in seat_map.sections}
    if wish.section is not None and wish.section not in names:
        raise Invalid.at(("body", "section"), "is not a section of this event")
    return Search(event, seat_map, tuple(tier.id for tier in tiers), wish)


async def choose(runtime: Runtime, reader: Reader, search: Search, user_id: UUID) -> Plan:
    """A plan for the best seats free at this moment; NoSeatsTogether when there are none."""
    event, seat_map, wish = search.event, search.seat_map, search.wish
    free = await seats.list_available_in_tiers(reader, event.id, search.tier_ids)
    free -= await seats.locked_indexes(runtime, event.id, seat_map, but_not_by=user_id)
    reserved = seat_map.accessible | seat_map.companion
    free = free & reserved if wish.accessible else free - reserved
    rows = [
        row
        for section in seat_map.sections
        if wish.section in (None, section.name)
        for row in section.rows
    ]
    chosen = (best_group if wish.adjacent else frontmost)(rows, free, wish.quantity)
    if len(chosen) < wish.quantity:
        raise NoSeatsTogether
    return await plan_order(runtime, event, [seat_map.seat_ids[index] for index in chosen], [])


def best_group(rows: Iterable[SeatRow], free: AbstractSet[int], quantity: int) -> Sequence[int]:
    """Neighbours in the frontmost row that has enough, the nearest to its middle; else none.

    Rows come in seat-map order, front first.
    """
    for row in rows:
        starts = [
            start
            for start in row.indexes[: max(0, len(row.indexes) - quantity + 1)]
            if all(index in free for index in range(start, start + quantity))
        ]
        if starts:
            middle = row.first + (len(row.numbers) - 1) / 2
            start = min(starts, key=lambda each: abs(each + (quantity - 1) / 2 - middle))
            return range(start, start + quantity)
    return ()


def frontmost(rows: Iterable[SeatRow], free: AbstractSet[int], quantity: int) -> Sequence[int]:
    """The first free seats from the front, together or not."""
    return list(islice((index for row in rows for index in row.indexes if index in free), quantity))
