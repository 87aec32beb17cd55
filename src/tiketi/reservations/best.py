"""Best available: the group of seats that a clerk would offer first."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from tiketi.events.api import Event, TierKind
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Invalid
from tiketi.reservations.access import NO_CODE, Access
from tiketi.reservations.choosing.free_seats import FreeSeats
from tiketi.reservations.choosing.groups import Ask, find_group
from tiketi.reservations.choosing.hall import Hall, Halls
from tiketi.reservations.errors import AccessCodeRequired
from tiketi.reservations.ordering import Plan, plan_order
from tiketi.seats.api import NoSeatsTogether, SeatMaps

# How often another group is looked for when somebody was faster.
TRIES_MAX = 6
SPREAD_PER_TRY = 8


@dataclass(frozen=True, slots=True)
class Wish:
    """What a buyer asks for, as ``choosing.groups`` understands it."""

    quantity: int
    tier_id: UUID | None
    section: str | None
    adjacent: bool
    accessible: bool


@dataclass(frozen=True, slots=True)
class Search:
    """Where to look for a wish."""

    event: Event
    hall: Hall
    ask: Ask
    access: Access


async def plan_search(
    runtime: Runtime, event: Event, wish: Wish, access: Access = NO_CODE
) -> Search:
    """Invalid for a tier or a section that the event has not; AccessCodeRequired where the wish
    leaves only tiers that ``access`` does not open.
    """
    tiers = [tier for tier in event.tiers if tier.kind is TierKind.SEATED]
    if wish.tier_id is not None:
        tiers = [tier for tier in tiers if tier.id == wish.tier_id]
        if not tiers:
            raise Invalid.at(("body", "tier_id"), "is not a seated tier of this event")
    seat_map = await runtime.one(SeatMaps).get(event.id)
    if wish.section is not None and seat_map.section(wish.section) is None:
        raise Invalid.at(("body", "section"), "is not a section of this event")
    tier_ids = {tier.id for tier in tiers}
    wished = [
        section
        for section in seat_map.sections
        if wish.section in (None, section.name) and section.tier_id in tier_ids
    ]
    sections = tuple(each for each in wished if access.opens_tier(event, each.tier_id))
    if wished and not sections:
        raise AccessCodeRequired
    ask = Ask(sections, wish.quantity, wish.adjacent, wish.accessible)
    return Search(event, runtime.one(Halls).get(seat_map), ask, access)


async def choose(runtime: Runtime, search: Search, user_id: UUID, *, tried: int) -> Plan:
    """A plan for the best seats free at this moment; NoSeatsTogether when there are none.

    ``tried`` is how often the caller was too late before. Who was, or who comes while others are,
    chooses at random among ever more of the best groups, so that a crowd that asks for the same
    does not chase the same seats for ever.
    """
    hall, ask, free_seats = search.hall, search.ask, runtime.one(FreeSeats)
    if tried:
        free_seats.note_loss(search.event.id)
    spread = 1 + tried * SPREAD_PER_TRY + free_seats.losses(search.event.id)

    def pick(groups: Iterator[range]) -> range | None:
        found = list(islice(groups, spread))
        return secrets.choice(found) if found else None

    opened = await free_seats.opened(search.access.allotments)
    reach = opened if search.access.by_offer else -1
    chosen = find_group(hall, await free_seats.glance(hall, opened) & reach, ask, pick)
    if chosen is None:
        free = await free_seats.look(hall, opened) & reach
        if find_group(hall, free, ask, pick) is not None:
            free &= ~await free_seats.locked(hall, user_id)
            chosen = find_group(hall, free, ask, pick)
    if chosen is None:
        raise NoSeatsTogether
    free_seats.note_taken(hall, chosen)
    seat_ids = [hall.seat_map.seat_ids[index] for index in sorted(chosen)]
    return await plan_order(runtime, search.event, seat_ids, [], search.access)
