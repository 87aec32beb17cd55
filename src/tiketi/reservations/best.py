"""Best available: the group of seats that a clerk would offer first."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
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
TRIES_MAX = 6
SPREAD_PER_TRY = 8


@dataclass(frozen=True, slots=True)
class Wish:
    """What a buyer asks for. Accessible seats, and the companions' beside them, go only to those
    who ask for them; and whoever asks gets an accessible one, never companions' seats alone.
    """

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


async def choose(
    runtime: Runtime, reader: Reader, search: Search, user_id: UUID, *, tried: int
) -> Plan:
    """A plan for the best seats free at this moment; NoSeatsTogether when there are none.

    Who was too late before chooses at random among ever more of the best groups, so that a crowd
    that asks for the same does not chase the same seats for ever.
    """
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
    find_groups = together if wish.adjacent else apart
    one_of = seat_map.accessible if wish.accessible else None
    groups = find_groups(rows, free, wish.quantity, one_of)
    found = list(islice(groups, 1 + tried * SPREAD_PER_TRY))
    if not found:
        raise NoSeatsTogether
    chosen = secrets.choice(found)
    return await plan_order(runtime, event, [seat_map.seat_ids[index] for index in chosen], [])


def together(
    rows: Iterable[SeatRow],
    free: AbstractSet[int],
    quantity: int,
    one_of: AbstractSet[int] | None = None,
) -> Iterator[Sequence[int]]:
    """Neighbours, no two groups with a seat in common: row by row from the front, and in a row
    from its middle outwards. Rows come in seat-map order, front first. Each group has at least one
    seat of ``one_of``; None asks for nothing.
    """
    for row in rows:
        middle = row.first + (len(row.numbers) - quantity) / 2
        starts = [
            start
            for start in row.indexes[: max(0, len(row.indexes) - quantity + 1)]
            if all(index in free for index in range(start, start + quantity))
            and (one_of is None or not one_of.isdisjoint(range(start, start + quantity)))
        ]
        offered: set[int] = set()
        for start in sorted(starts, key=lambda each: abs(each - middle)):
            group = range(start, start + quantity)
            if offered.isdisjoint(group):
                offered.update(group)
                yield group


def apart(
    rows: Iterable[SeatRow],
    free: AbstractSet[int],
    quantity: int,
    one_of: AbstractSet[int] | None = None,
) -> Iterator[Sequence[int]]:
    """Seats from the front, whether or not they are neighbours; those of ``one_of`` first, and
    at least one of them in each group.
    """
    indexes = [index for row in rows for index in row.indexes if index in free]
    if one_of is not None:
        indexes.sort(key=lambda index: index not in one_of)
    left = iter(indexes)
    while len(group := list(islice(left, quantity))) == quantity:
        if one_of is None or not one_of.isdisjoint(group):
            yield group
