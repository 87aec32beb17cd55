"""What a catalogue asks for at one moment: layouts and events, ready to be created."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from tiketi.admin.catalogue import models
from tiketi.admin.catalogue.geometry import PlannedSection, place_seats
from tiketi.admin.catalogue.moments import resolve_moment

# UUIDv7's 48 bits of milliseconds, fixed so that a seed's ids are the same on every machine.
_SEED_EPOCH_MS = 1_767_225_600_000
_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62


@dataclass(frozen=True, slots=True)
class PlannedLayout:
    """Every seat of a layout; ``layout_id`` follows from its name and all that is in it.

    ``prices`` are of the sections that the layout itself prices, in ``currency``'s minor unit.
    """

    layout_id: UUID
    name: str
    sections: tuple[PlannedSection, ...]
    currency: str | None
    prices: dict[str, int]


@dataclass(frozen=True, slots=True)
class PlannedTier:
    name: str
    price_minor: int
    capacity: int


@dataclass(frozen=True, slots=True)
class PlannedRefundPolicy:
    until: datetime
    percent: int


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """An event with its times in UTC; ``event_id`` follows from the slug alone.

    ``prices`` are of the layout's sections, in the currency's minor unit, one of each.
    """

    event_id: UUID
    slug: str
    title: str
    artist: str | None
    description: str
    venue: models.Venue
    layout: str | None
    starts_at: datetime
    sale_opens_at: datetime
    sale_closes_at: datetime
    currency: str
    prices: dict[str, int]
    tiers: tuple[PlannedTier, ...]
    limits: models.Limits | None
    queue: models.Queue | None
    refund_policy: PlannedRefundPolicy | None
    poster_url: str | None
    publish: bool


@dataclass(frozen=True, slots=True)
class Plan:
    layouts: tuple[PlannedLayout, ...]
    events: tuple[PlannedEvent, ...]


def seed_id(kind: str, text: str) -> UUID:
    """A UUIDv7 in form, the same for the same text for ever."""
    digest = int.from_bytes(sha256(f"tiketi:{kind}:{text}".encode()).digest()[:16], "big")
    random_a, random_b = digest >> 116 & 0xFFF, digest & (1 << 62) - 1
    return UUID(int=_SEED_EPOCH_MS << 80 | _VERSION | random_a << 64 | _VARIANT | random_b)


def plan_catalogue(catalogue: models.Catalogue, *, now: datetime) -> Plan:
    """The plan of a catalogue that ``parse_catalogue`` returned, seeded at ``now``."""
    layouts = {layout.name: layout for layout in catalogue.layouts}
    venues = {venue.name: venue for venue in catalogue.venues}
    return Plan(
        layouts=tuple(_plan_layout(layout) for layout in catalogue.layouts),
        events=tuple(
            _plan_event(event, venues[event.venue], layouts.get(event.layout or ""), now)
            for event in catalogue.events
        ),
    )


def _plan_layout(layout: models.Layout) -> PlannedLayout:
    return PlannedLayout(
        layout_id=seed_id("layout", layout.model_dump_json()),
        name=layout.name,
        sections=place_seats(layout),
        currency=layout.currency,
        prices=_own_prices(layout),
    )


def _own_prices(layout: models.Layout) -> dict[str, int]:
    sections = layout.sections
    return {section.name: section.price for section in sections if section.price is not None}


def _plan_event(
    event: models.Event, venue: models.Venue, layout: models.Layout | None, now: datetime
) -> PlannedEvent:
    def moment(text: str, start: datetime | None) -> datetime:
        return resolve_moment(text, now=now, timezone=venue.timezone, start=start)

    starts_at = moment(event.starts_at, None)
    refund = event.refund_policy
    return PlannedEvent(
        event_id=seed_id("event", event.slug),
        slug=event.slug,
        title=event.title,
        artist=event.artist,
        description=event.description,
        venue=venue,
        layout=event.layout,
        starts_at=starts_at,
        sale_opens_at=moment(event.sale_opens_at, starts_at),
        sale_closes_at=moment(event.sale_closes_at, starts_at),
        currency=event.currency,
        prices=({**_own_prices(layout), **event.prices} if layout else {}),
        tiers=tuple(PlannedTier(tier.name, tier.price, tier.capacity) for tier in event.tiers),
        limits=event.limits,
        queue=event.queue,
        refund_policy=PlannedRefundPolicy(moment(refund.until, starts_at), refund.percent)
        if refund
        else None,
        poster_url=event.poster_url,
        publish=event.publish,
    )
