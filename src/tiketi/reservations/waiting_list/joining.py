"""Use cases of who waits: put oneself down, look, leave."""

from datetime import datetime
from uuid import UUID

from tiketi.events.api import Event, EventCache, TierKind
from tiketi.infra.postgres import Reader, Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Invalid, NotFound
from tiketi.reservations import quota
from tiketi.reservations.choosing.free_seats import FreeSeats
from tiketi.reservations.choosing.hall import Hall, Halls
from tiketi.reservations.errors import AccessCodeRequired, LimitExceeded
from tiketi.reservations.ordering import check_sale
from tiketi.reservations.waiting_list import repository
from tiketi.reservations.waiting_list.domain import Entry, PartyWish
from tiketi.reservations.waiting_list.errors import AlreadyWaiting, PlacesAvailable
from tiketi.reservations.waiting_list.matching import Sale, Stock, find_places
from tiketi.reservations.waiting_list.offers import WaitingLists
from tiketi.seats import api as seats
from tiketi.seats.api import SeatMaps


async def put_down(
    runtime: Runtime, event_id: UUID, user_id: UUID, wish: PartyWish, now: datetime
) -> Entry:
    """The account's entry, the first one if it wished for the same before.

    NotFound, SaleNotOpen, LimitExceeded, Invalid, AccessCodeRequired for a tier that is sold with
    a code, PlacesAvailable, AlreadyWaiting.
    """
    event = await runtime.one(EventCache).get(event_id)
    check_sale(event, wish.quantity, now)
    _check_wish(event, wish)
    async with runtime.database.latest() as reader:
        first = await repository.find_live(reader, event.id, user_id)
    if first is None and await _is_served(runtime, event, wish, user_id):
        raise PlacesAvailable
    if first is None:
        async with runtime.database.transaction() as tx:
            first = await _insert(tx, event, user_id, wish, now)
        runtime.one(WaitingLists).note(event.id)
    if first.wish != wish:
        raise AlreadyWaiting(first.id)
    return first


async def get_own(reader: Reader, entry_id: UUID, user_id: UUID) -> Entry:
    """One's own entry; NotFound for any other."""
    found = await repository.find(reader, entry_id)
    if found is None or found.user_id != user_id:
        raise NotFound
    return found


async def leave(tx: Tx, entry_id: UUID, user_id: UUID, now: datetime) -> None:
    """Wait no more; what is offered goes on to the next. Leaving again changes nothing."""
    await get_own(tx, entry_id, user_id)
    await repository.leave(tx, entry_id, user_id, now)


async def _insert(
    tx: Tx, event: Event, user_id: UUID, wish: PartyWish, now: datetime
) -> Entry:  # fmt: skip
    limit = event.limits.seats_per_user
    if await quota.count_places(tx, event.id, user_id) + wish.quantity > limit:
        raise LimitExceeded(limit)
    # First, so that what comes free from now on is kept for who waits from now on.
    await seats.keep_returns(tx, event.id, now)
    await repository.insert(tx, event.id, user_id, wish, now)
    entry = await repository.find_live(tx, event.id, user_id)
    assert entry is not None, "an entry was there or is now"
    return entry


def _check_wish(event: Event, wish: PartyWish) -> None:
    for number, tier_id in enumerate(wish.tier_ids):
        if event.tier(tier_id) is None:
            raise Invalid.at(("body", "tier_ids", number), "is not a tier of this event")
    if len(wish.wanted(event)) < len(wish.tier_ids) or not wish.wanted(event):
        raise AccessCodeRequired
    if not wish.is_possible(event):
        raise Invalid.at(("body", "quantity"), "is more than these tiers have")


async def _is_served(runtime: Runtime, event: Event, wish: PartyWish, user_id: UUID) -> bool:
    """Whether the wish could be bought now: as everybody is shown, and then in truth."""
    shown = await seats.read_availability(runtime, event.id)
    hall = await _find_hall(runtime, event)
    sale = Sale(event, hall, runtime.clock.now())
    free_seats = runtime.one(FreeSeats)
    free = await free_seats.glance(hall, 0) if hall else 0
    if find_places(sale, Stock(0, free, {}, dict(shown.general)), wish) is None:
        return False
    free = 0
    if hall is not None:
        free = await free_seats.look(hall, 0) & ~await free_seats.locked(hall, user_id)
    async with runtime.database.latest() as reader:
        general = await seats.read_remaining(reader, event.id)
    return find_places(sale, Stock(0, free, {}, general), wish) is not None


async def _find_hall(runtime: Runtime, event: Event) -> Hall | None:
    if not any(tier.kind is TierKind.SEATED for tier in event.tiers):
        return None
    return runtime.one(Halls).get(await runtime.one(SeatMaps).get(event.id))
