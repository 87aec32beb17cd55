"""What a catalogue asks for at one moment: layouts and events, ready to be created."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from tiketi.admin.catalogue import models
from tiketi.admin.catalogue.geometry import place_sections
from tiketi.admin.catalogue.moments import resolve_moment
from tiketi.admin.domain import EventDraft, GeneralTier
from tiketi.events.api import Limits, RefundPolicy, Venue
from tiketi.queue.api import Mode
from tiketi.seats.api import LayoutSection

# UUIDv7's 48 bits of milliseconds, fixed so that a seed's ids are the same on every machine.
_SEED_EPOCH_MS = 1_767_225_600_000
_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62


@dataclass(frozen=True, slots=True)
class PlannedLayout:
    """``layout_id`` follows from the name and all that is in it."""

    layout_id: UUID
    name: str
    sections: tuple[LayoutSection, ...]


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """``event_id`` follows from the slug alone."""

    event_id: UUID
    slug: str
    draft: EventDraft
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
    layouts = {layout.name: _plan_layout(layout) for layout in catalogue.layouts}
    venues = {venue.name: Venue(**dict(venue)) for venue in catalogue.venues}
    return Plan(
        layouts=tuple(layouts.values()),
        events=tuple(
            PlannedEvent(
                event_id=seed_id("event", event.slug),
                slug=event.slug,
                draft=_draft(event, venues[event.venue], layouts.get(event.layout or ""), now),
                publish=event.publish,
            )
            for event in catalogue.events
        ),
    )


def _plan_layout(layout: models.Layout) -> PlannedLayout:
    return PlannedLayout(
        layout_id=seed_id("layout", layout.model_dump_json()),
        name=layout.name,
        sections=place_sections(layout),
    )


def _draft(
    event: models.Event, venue: Venue, layout: PlannedLayout | None, now: datetime
) -> EventDraft:
    def moment(text: str, start: datetime | None) -> datetime:
        return resolve_moment(text, now=now, timezone=venue.timezone, start=start)

    starts_at = moment(event.starts_at, None)
    refund = event.refund_policy
    return EventDraft(
        title=event.title,
        artist=event.artist or "",
        description=event.description,
        venue=venue,
        starts_at=starts_at,
        sale_opens_at=moment(event.sale_opens_at, starts_at),
        sale_closes_at=moment(event.sale_closes_at, starts_at),
        currency=event.currency,
        poster_url=event.poster_url,
        limits=Limits(**dict(event.limits or models.Limits())),
        refund_policy=RefundPolicy(moment(refund.until, starts_at), refund.percent)
        if refund
        else RefundPolicy(),
        layout_id=layout.layout_id if layout else None,
        prices_minor=event.prices,
        tiers=tuple(GeneralTier(tier.name, tier.price, tier.capacity) for tier in event.tiers),
        queue=_queue(event.queue),
        expected_audience=event.expected_audience,
    )


def _queue(queue: models.Queue | None) -> Mapping[str, Any]:
    if queue is None:
        return {}
    return {**dict(queue), "mode": Mode(queue.mode)}
