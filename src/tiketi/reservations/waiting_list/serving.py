"""One round of an event's waiting list: offers end, what came free is offered, the rest is freed.

Two transactions, each alone on the event by the lock on its row of returns, so that any number of
processes may serve the same list, and one that dies leaves what is there to the next.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tiketi.events import api as events
from tiketi.events.api import Event
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound
from tiketi.reservations.choosing.hall import Hall, Halls
from tiketi.reservations.choosing.seat_sets import read_flags, set_of
from tiketi.reservations.waiting_list import line_repository as repository
from tiketi.reservations.waiting_list.domain import Entry
from tiketi.reservations.waiting_list.matching import Matching, Rules, Sale, Stock, match
from tiketi.reservations.waiting_list.repository import has_entries
from tiketi.reservations.waiting_list.telling import Made, tell_of_offers
from tiketi.seats import api as seats
from tiketi.seats.api import Returns, SeatMaps
from tiketi.settings import Settings

EVENTS_A_ROUND_MAX = 20
# So many parties are looked at for what came free.
LINE_MAX = 2_000
OFFERS_A_ROUND_MAX = 100
UNSETTLED_A_ROUND_MAX = 1_000
ENDED_A_ROUND_MAX = 1_000

_AVAILABLE = str.maketrans("ahsb", "1000")


async def serve_waiting_lists(runtime: Runtime) -> bool:
    """Serve each list that has something to do; whether there may be more of them."""
    async with runtime.database.latest() as reader:
        due = await repository.list_due(reader, runtime.clock.now(), EVENTS_A_ROUND_MAX)
    for event_id in due:
        await serve(runtime, event_id)
    return len(due) == EVENTS_A_ROUND_MAX


async def serve(runtime: Runtime, event_id: UUID) -> None:
    """One round; nothing where another process is at it."""
    now = runtime.clock.now()
    async with runtime.database.transaction() as tx:
        returns = await seats.lock_returns(tx, event_id)
        if returns is None:
            return
        event = await events.get_event(tx, event_id)
        if not event.is_on_sale(now):
            await repository.end_all(tx, event_id, now, ENDED_A_ROUND_MAX)
        await _settle(tx, returns, now)
    sale, locked = await _look_at_hall(runtime, event, now)
    async with runtime.database.transaction() as tx:
        returns = await seats.lock_returns(tx, event_id)
        if returns is None:
            return
        if returns.looked_at < returns.look_until or await seats.read_returned(tx, returns):
            made = await _match(tx, runtime.settings, sale, returns, locked)
            await tell_of_offers(tx, runtime, sale, made)
        is_wanted = await has_entries(tx, event_id)
        await seats.end_look(tx, returns, now, is_wanted=is_wanted)


async def _settle(tx: Tx, returns: Returns, now: datetime) -> None:
    """What is left of offers whose time is over came free; what is bought is none any more."""
    event_id = returns.event_id
    offers = await repository.list_unsettled(tx, event_id, now, UNSETTLED_A_ROUND_MAX)
    if not offers.live and not offers.over:
        return
    settled = await seats.settle_offers(tx, returns, live=offers.live, over=offers.over, now=now)
    if settled.bought:
        await repository.note_bought(tx, event_id, settled.bought)
    if settled.ended:
        await repository.end_offers(tx, event_id, sorted(settled.ended), now)


async def _look_at_hall(runtime: Runtime, event: Event, now: datetime) -> tuple[Sale, int]:
    """The sale, and the seats of it that somebody chooses at this moment."""
    try:
        seat_map = await runtime.one(SeatMaps).get(event.id)
    except NotFound:
        return Sale(event, None, now), 0
    if not len(seat_map):
        return Sale(event, None, now), 0
    hall = runtime.one(Halls).get(seat_map)
    locked = await seats.locked_indexes(runtime, event.id, seat_map)
    return Sale(event, hall, now), set_of(locked, hall.size)


async def _match(tx: Tx, settings: Settings, sale: Sale, returns: Returns, locked: int) -> Made:
    """What came free is offered; what fits nobody, and is not gathered, is everybody's."""
    event, now = sale.event, sale.now
    stock = await _read_stock(tx, returns, sale.hall, locked)
    line: Sequence[Entry] = ()
    if event.is_on_sale(now):
        # Of parties alike no more can be served than there are places.
        alike_max = min(stock.places, OFFERS_A_ROUND_MAX)
        line = await repository.list_line(tx, event.id, alike_max=alike_max, limit=LINE_MAX)
    rules = Rules(
        settings.waiting_list_passed_over_max,
        timedelta(seconds=settings.waiting_list_gather_seconds_max),
        OFFERS_A_ROUND_MAX,
    )
    found = match(sale, line, stock, rules)
    ends = min(now + timedelta(seconds=settings.offer_ttl_seconds), event.sale_closes_at)
    wanted = [offer.places for _, offer in found.offers]
    await seats.lock_places(tx, returns, [found.freed, *wanted])
    made = await _offer(tx, returns, found, ends, now)
    if found.passed_over:
        await repository.pass_over(tx, found.passed_over)
    if found.gathering:
        await repository.gather(tx, found.gathering, now)
    if found.gave_up:
        await repository.give_up_gathering(tx, found.gave_up)
    await seats.free_returned(tx, returns, found.freed)
    return made


async def _read_stock(tx: Tx, returns: Returns, hall: Hall | None, locked: int) -> Stock:
    kept = await seats.read_returned(tx, returns)
    general = await seats.read_remaining(tx, returns.event_id)
    if hall is None:
        return Stock(0, 0, dict(kept.general), general)
    states = await seats.read_states(tx, returns.event_id)
    free = read_flags(states.translate(_AVAILABLE)) & ~locked
    # What came free under somebody's lock stays where it is until that lapses.
    returned = set_of(kept.seats, hall.size) & ~locked
    return Stock(returned, free, dict(kept.general), general)


async def _offer(tx: Tx, returns: Returns, found: Matching, ends: datetime, now: datetime) -> Made:
    """Make the offers, for those who have not left in this moment; which they are."""
    if not found.offers:
        return Made((), ends)
    waiting = await repository.lock_waiting(tx, [entry.id for entry, _ in found.offers])
    offers = [(entry, offer) for entry, offer in found.offers if entry.id in waiting]
    made = await seats.offer_places(tx, returns, [offer for _, offer in offers], now)
    offers = [(entry, offer) for entry, offer in offers if offer.id in made]
    if offers:
        await repository.set_offered(tx, {entry.id: offer.id for entry, offer in offers}, ends)
    return Made(offers, ends)
