"""What a buyer asks for: whether it may be asked, and the reservation that it would be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tiketi.events.api import Event, SaleNotOpen, TierKind
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Invalid
from tiketi.kernel.ids import new_id
from tiketi.reservations.access import NO_CODE, Access
from tiketi.reservations.domain import (
    SEATS_A_REQUEST_MAX,
    Item,
    Reservation,
    ReservationStatus,
    new_number,
)
from tiketi.reservations.errors import LimitExceeded
from tiketi.seats import api as seats
from tiketi.seats.api import SeatMap, SeatMaps, SeatPlace


@dataclass(frozen=True, slots=True)
class GeneralWish:
    tier_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Plan:
    """An order that may be asked for; whether it can be had is decided later."""

    event: Event
    seat_map: SeatMap | None
    seat_places: tuple[SeatPlace, ...]
    items: tuple[Item, ...]
    access: Access = NO_CODE

    @property
    def opened(self) -> tuple[UUID, ...]:
        """The allotments that the buyer may take from."""
        return self.access.allotments

    @property
    def code_ids(self) -> tuple[UUID, ...]:
        """The limited codes that count the order as one use."""
        return self.access.counted({item.tier_id for item in self.items})

    @property
    def quantity(self) -> int:
        return sum(item.quantity for item in self.items)

    @property
    def amount_minor(self) -> int:
        return sum(item.unit_price_minor * item.quantity for item in self.items)


async def plan_order(
    runtime: Runtime,
    event: Event,
    seat_ids: Sequence[str],
    general: Sequence[GeneralWish],
    access: Access = NO_CODE,
) -> Plan:
    """Look up what is asked for; Invalid for nothing, duplicates, or what the event has not,
    AccessCodeRequired for a tier that ``access`` does not open, QueuePassRequired for more than the
    offer that stands in for a pass.
    """
    if not seat_ids and not general:
        raise Invalid.at(("body",), "asks for no seat and no general place", "missing")
    seat_map, places = await find_places(runtime, event, seat_ids)
    items = [_seat_item(event, place) for place in places]
    seen: set[UUID] = set()
    for number, wish in enumerate(general):
        tier = event.tier(wish.tier_id)
        at = ("body", "general", number, "tier_id")
        if tier is None or tier.kind is not TierKind.GENERAL:
            raise Invalid.at(at, "is not a general tier of this event")
        if tier.id in seen:
            raise Invalid.at(at, "is asked for twice")
        seen.add(tier.id)
        items.append(Item(tier.id, tier.price_minor, wish.quantity))
    access.require_tiers(event, (item.tier_id for item in items))
    if access.by_offer:
        asked = {wish.tier_id: wish.quantity for wish in general}
        access.require_offered([place.index for place in places], asked)
    return Plan(event, seat_map, places, tuple(items), access)


async def find_places(
    runtime: Runtime, event: Event, seat_ids: Sequence[str]
) -> tuple[SeatMap | None, tuple[SeatPlace, ...]]:
    """The seats on the event's map; Invalid for a foreign or repeated one."""
    if not seat_ids:
        return None, ()
    if len(seat_ids) > SEATS_A_REQUEST_MAX:
        raise Invalid.at(("body", "seat_ids"), f"at most {SEATS_A_REQUEST_MAX} seats at once")
    seat_map = await runtime.one(SeatMaps).get(event.id)
    places: list[SeatPlace] = []
    for number, seat_id in enumerate(seat_ids):
        place = seat_map.find(seat_id)
        if place is None:
            raise Invalid.at(("body", "seat_ids", number), "is not a seat of this event")
        places.append(place)
    if len({place.index for place in places}) < len(places):
        raise Invalid.at(("body", "seat_ids"), "has a seat twice")
    return seat_map, tuple(places)


def check_sale(event: Event, quantity: int, now: datetime, access: Access = NO_CODE) -> None:
    """SaleNotOpen before opening and after the end; LimitExceeded over the order's limit."""
    if not event.is_on_sale(now) and not (access.presale and event.is_in_presale(now)):
        raise SaleNotOpen
    if quantity > event.limits.seats_per_order:
        raise LimitExceeded(event.limits.seats_per_order)


async def check_order(
    runtime: Runtime, plan: Plan, user_id: UUID, lock_id: UUID | None, now: datetime
) -> bool:
    """Refuse what can be refused before the database is asked; whether the buyer has locks."""
    check_sale(plan.event, plan.quantity, now, plan.access)
    if plan.seat_map is None:
        return False
    return await seats.check_locks(runtime, plan.seat_map, plan.seat_places, user_id, lock_id)


def order_reservation(
    plan: Plan, user_id: UUID, now: datetime, hold_ttl_seconds: int
) -> Reservation:
    """The reservation as it will be, if every place of it can be had."""
    return Reservation(
        id=new_id(),
        number=new_number(),
        event_id=plan.event.id,
        user_id=user_id,
        status=ReservationStatus.PENDING,
        amount_minor=plan.amount_minor,
        currency=plan.event.currency,
        items=plan.items,
        expires_at=now + timedelta(seconds=hold_ttl_seconds),
        extended=False,
        created_at=now,
        confirmed_at=None,
    )


def _seat_item(event: Event, place: SeatPlace) -> Item:
    tier = event.tier(place.tier_id)
    if tier is None:
        raise AssertionError("a seat's tier is one of its event's")
    return Item(
        tier_id=tier.id,
        unit_price_minor=tier.price_minor,
        seat_index=place.index,
        seat_id=place.seat_id,
        section=place.section,
    )
