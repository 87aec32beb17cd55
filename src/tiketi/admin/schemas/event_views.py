"""Events as their organizers read them: what they wrote, and how it stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from tiketi.admin.schemas.codes import PresaleCodeView, PresaleView
from tiketi.admin.schemas.queue import QueueView
from tiketi.events.api import (
    AccessCode,
    CodeFor,
    Event,
    EventFilter,
    EventSort,
    EventStatus,
    EventSummary,
    Tier,
    TierKind,
    Venue,
)
from tiketi.infra.http.wire import Moment, MomentIn, PageQuery, View

QUERY_CHARACTERS_MAX = 100


class EventsQuery(PageQuery):
    status: EventStatus | None = None
    q: Annotated[str, Field(max_length=QUERY_CHARACTERS_MAX)] = ""
    starts_from: MomentIn | None = Field(None, alias="from", description="The earliest start.")
    starts_to: MomentIn | None = Field(None, alias="to", description="The latest start.")
    sort: EventSort = EventSort.STARTS_AT

    def as_filter(self, organizer_id: UUID | None) -> EventFilter:
        return EventFilter(
            status=self.status,
            query=self.q.strip(),
            starts_from=self.starts_from,
            starts_to=self.starts_to,
            organizer_id=organizer_id,
            visible_only=False,
        )


class VenueView(View):
    name: str
    address: str
    timezone: str

    @classmethod
    def of(cls, venue: Venue) -> "VenueView":
        return cls(name=venue.name, address=venue.address, timezone=venue.timezone)


class TierView(View):
    id: UUID
    name: str
    price: int
    kind: TierKind
    section: str | None
    capacity: int
    access_code: str | None

    @classmethod
    def of(cls, tier: Tier, access_code: str | None) -> "TierView":
        return cls(
            id=tier.id,
            name=tier.name,
            price=tier.price_minor,
            kind=tier.kind,
            section=tier.section,
            capacity=tier.capacity,
            access_code=access_code,
        )


class LimitsView(View):
    seats_per_order: int
    seats_per_user: int
    seats_per_payment_method: int | None = Field(
        None, exclude_if=lambda limit: limit is None, description="Left out where there is none."
    )


class RefundPolicyView(View):
    """``until`` null: 24 h before the start."""

    until: Moment | None
    percent: int


class SummaryView(View):
    id: UUID
    organizer_id: UUID | None
    title: str
    artist: str
    venue: VenueView
    starts_at: Moment
    sale_opens_at: Moment
    sale_closes_at: Moment
    status: EventStatus
    currency: str
    poster_url: str | None
    queue_enabled: bool

    @classmethod
    def of(cls, event: EventSummary) -> "SummaryView":
        return cls(
            id=event.id,
            organizer_id=event.organizer_id,
            title=event.title,
            artist=event.artist,
            venue=VenueView.of(event.venue),
            starts_at=event.starts_at,
            sale_opens_at=event.sale_opens_at,
            sale_closes_at=event.sale_closes_at,
            status=event.status,
            currency=event.currency,
            poster_url=event.poster_url,
            queue_enabled=event.queue_enabled,
        )


class EventView(View):
    """``prices`` and ``access_codes`` are those of the seated tiers, by section."""

    id: UUID
    organizer_id: UUID | None
    layout_id: UUID | None
    title: str
    artist: str
    description: str
    venue: VenueView
    starts_at: Moment
    sale_opens_at: Moment
    sale_closes_at: Moment
    status: EventStatus
    currency: str
    poster_url: str | None
    tiers: list[TierView]
    prices: dict[str, int]
    access_codes: dict[str, str]
    presale: PresaleView | None
    limits: LimitsView
    refund_policy: RefundPolicyView
    queue: QueueView
    published_at: Moment | None
    cancelled_at: Moment | None
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(
        cls, event: Event, queue: QueueView, codes: Sequence[AccessCode], now: datetime
    ) -> "EventView":
        limits, policy = event.limits, event.refund_policy
        tier_codes = {code.subject_id: code.code for code in codes if code.opens is CodeFor.TIER}
        return cls(
            id=event.id,
            organizer_id=event.organizer_id,
            layout_id=event.layout_id,
            title=event.title,
            artist=event.artist,
            description=event.description,
            venue=VenueView.of(event.venue),
            starts_at=event.starts_at,
            sale_opens_at=event.sale_opens_at,
            sale_closes_at=event.sale_closes_at,
            status=event.status(now),
            currency=event.currency,
            poster_url=event.poster_url,
            tiers=[TierView.of(tier, tier_codes.get(tier.id)) for tier in event.tiers],
            prices={t.section: t.price_minor for t in event.tiers if t.section is not None},
            access_codes={
                tier.section: tier_codes[tier.id]
                for tier in event.tiers
                if tier.section is not None and tier.id in tier_codes
            },
            presale=_presale(event, codes),
            limits=LimitsView(
                seats_per_order=limits.seats_per_order,
                seats_per_user=limits.seats_per_user,
                seats_per_payment_method=limits.seats_per_payment_method,
            ),
            refund_policy=RefundPolicyView(until=policy.until, percent=policy.percent),
            queue=queue,
            published_at=event.published_at,
            cancelled_at=event.cancelled_at,
            created_at=event.created_at,
            updated_at=event.updated_at,
        )


def _presale(event: Event, codes: Sequence[AccessCode]) -> PresaleView | None:
    if event.presale_opens_at is None:
        return None
    return PresaleView(
        opens_at=event.presale_opens_at,
        codes=[PresaleCodeView.of(code) for code in codes if code.opens is CodeFor.PRESALE],
    )
