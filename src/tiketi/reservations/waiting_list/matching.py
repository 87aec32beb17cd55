"""Who is offered what came free: first come, first served among those whom it fits.

Whom it does not fit is passed over. A party that was passed over so often that it is enough stops
those behind it: places of its tiers are gathered for it, for a bounded time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from tiketi.events.api import Event, TierKind
from tiketi.kernel.ids import new_id
from tiketi.reservations.choosing.groups import Ask, find_group
from tiketi.reservations.choosing.hall import Hall
from tiketi.reservations.choosing.seat_sets import set_of, write_flags
from tiketi.reservations.waiting_list.domain import Entry, PartyWish
from tiketi.seats.api import OfferedPlaces, Places, SeatSection

# Of those passed over so many are told apart: who is further behind is passed over later.
PASSED_OVER_NOTED_MAX = 100


@dataclass(frozen=True, slots=True)
class Sale:
    """An event at a moment, and its hall, if it has seats."""

    event: Event
    hall: Hall | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """After how often a party gathers, and for how long; how many offers one round makes."""

    passed_over_max: int
    gather_max: timedelta
    offers_max: int


@dataclass(slots=True)
class Stock:
    """``returned`` came free and is kept; ``free`` is everybody's. Seats as ``seat_sets`` are."""

    returned: int
    free: int
    returned_general: dict[UUID, int]
    free_general: dict[UUID, int]

    @property
    def places(self) -> int:
        general = (*self.returned_general.values(), *self.free_general.values())
        return (self.returned | self.free).bit_count() + sum(general)


@dataclass(slots=True)
class Matching:
    """``offers``: the entry of each. ``freed``: what came free, fits nobody and is not gathered.

    ``is_full``: more may be offered, in another round.
    """

    offers: list[tuple[Entry, OfferedPlaces]] = field(default_factory=list)
    freed: Places = field(default_factory=Places)
    passed_over: list[UUID] = field(default_factory=list)
    gathering: list[UUID] = field(default_factory=list)
    gave_up: list[UUID] = field(default_factory=list)
    is_full: bool = False


def find_places(sale: Sale, stock: Stock, wish: PartyWish) -> Places | None:
    """Places for the wish, such as came free before everybody's, or None."""
    return _find(sale, stock, wish, wish.wanted(sale.event))


def match(sale: Sale, line: Sequence[Entry], stock: Stock, rules: Rules) -> Matching:
    """``line`` in its order. What is offered is taken out of ``stock``."""
    found, event, hall = Matching(), sale.event, sale.hall
    blocked: set[UUID] = set()
    unfit: list[Entry] = []
    hopeless: set[tuple[int, bool, frozenset[UUID]]] = set()
    for entry in line:
        if len(found.offers) == rules.offers_max:
            found.is_full = True
            return found
        wish, wanted = entry.wish, entry.wish.wanted(event) - blocked
        key = wish.quantity, wish.adjacent, wanted
        places = None if key in hopeless else _find(sale, stock, wish, wanted)
        if places is not None:
            _take(hall, stock, places)
            found.offers.append((entry, OfferedPlaces(new_id(), places)))
            continue
        hopeless.add(key)
        if entry.passed_over < rules.passed_over_max:
            unfit.append(entry)
        elif _has_gathered_long(sale, entry, rules):
            found.gave_up.append(entry.id)
        else:
            blocked |= wish.wanted(event)
            found.gathering.append(entry.id)
    found.freed, freed_tiers = _left(hall, stock, blocked)
    found.passed_over = _passed_over(sale, unfit, found, freed_tiers)
    return found


def _find(sale: Sale, stock: Stock, wish: PartyWish, wanted: frozenset[UUID]) -> Places | None:
    event, hall = sale.event, sale.hall
    sections: tuple[SeatSection, ...] = ()
    if hall is not None:
        sections = tuple(each for each in hall.seat_map.sections if each.tier_id in wanted)
    for seats in (stock.returned, stock.returned | stock.free):
        if hall is None or not sections or seats.bit_count() < wish.quantity:
            continue
        ask = Ask(sections, wish.quantity, wish.adjacent, accessible=False)
        group = find_group(hall, seats, ask, _first)
        if group is not None:
            return Places(sorted(group))
    for tier in event.tiers:
        if tier.kind is TierKind.GENERAL and tier.id in wanted:
            returned = stock.returned_general.get(tier.id, 0)
            if returned + stock.free_general.get(tier.id, 0) >= wish.quantity:
                return Places(general={tier.id: wish.quantity})
    return None


def _first(groups: Iterator[range]) -> range | None:
    return next(groups, None)


def _take(hall: Hall | None, stock: Stock, places: Places) -> None:
    if hall is not None:
        taken = set_of(places.seats, hall.size)
        stock.returned &= ~taken
        stock.free &= ~taken
    for tier_id, quantity in places.general.items():
        kept = min(quantity, stock.returned_general.get(tier_id, 0))
        if kept:
            stock.returned_general[tier_id] -= kept
        if quantity > kept:
            stock.free_general[tier_id] -= quantity - kept


def _has_gathered_long(sale: Sale, entry: Entry, rules: Rules) -> bool:
    since = entry.gathering_since
    return since is not None and sale.now - since > rules.gather_max


def _left(hall: Hall | None, stock: Stock, blocked: set[UUID]) -> tuple[Places, set[UUID]]:
    """What is gathered for nobody, and the tiers of what of it a party might have had."""
    tiers: set[UUID] = set()
    indexes: list[int] = []
    if hall is not None and stock.returned:
        flags = write_flags(stock.returned, hall.size)
        reserved = write_flags(hall.reserved, hall.size)
        for section in hall.seat_map.sections:
            end = section.first + section.size
            index = flags.find("1", section.first, end)
            while index >= 0:
                if reserved[index] == "0":
                    tiers.add(section.tier_id)
                if reserved[index] == "1" or section.tier_id not in blocked:
                    indexes.append(index)
                index = flags.find("1", index + 1, end)
        tiers -= blocked
    general = {
        tier_id: quantity
        for tier_id, quantity in stock.returned_general.items()
        if quantity and tier_id not in blocked
    }
    return Places(indexes, general), tiers | set(general)


def _passed_over(
    sale: Sale, unfit: Sequence[Entry], found: Matching, freed: set[UUID]
) -> list[UUID]:
    """Those whose places went to somebody behind them, or to everybody."""
    gone = [(entry.number, _tiers_of(sale.hall, offer.places)) for entry, offer in found.offers]
    passed: list[UUID] = []
    for entry in unfit[:PASSED_OVER_NOTED_MAX]:
        wanted = entry.wish.wanted(sale.event)
        if wanted & freed or any(
            number > entry.number and wanted & tiers for number, tiers in gone
        ):
            passed.append(entry.id)
    return passed


def _tiers_of(hall: Hall | None, places: Places) -> set[UUID]:
    tiers = set(places.general)
    if hall is not None and places.seats:
        sections = hall.seat_map.sections
        tiers |= {
            each.tier_id for each in sections if not set(places.seats).isdisjoint(each.indexes)
        }
    return tiers
