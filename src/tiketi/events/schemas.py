"""Events on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from tiketi.events.domain import Event, EventStatus, EventSummary, Tier, TierKind, Venue
from tiketi.events.listing import EventFilter, EventSort
from tiketi.events.search import QUERY_CHARACTERS_MAX
from tiketi.infra.http.wire import Moment, MomentIn, PageQuery, View


class EventsQuery(PageQuery):
    status: EventStatus | None = None
    q: Annotated[str, Field(max_length=QUERY_CHARACTERS_MAX)] = ""
    starts_from: MomentIn | None = Field(None, alias="from", description="The earliest start.")
    starts_to: MomentIn | None = Field(None, alias="to", description="The latest start.")
    sort: EventSort = EventSort.STARTS_AT

    def as_filter(self) -> EventFilter:
        return EventFilter(
            status=self.status,
            query=self.q.strip(),
            starts_from=self.starts_from,
            starts_to=self.starts_to,
        )


class VenueView(View):
    name: str
    address: str
    timezone: str

    @classmethod
    def of(cls, venue: Venue) -> "VenueView":
        return cls(name=venue.name, address=venue.address, timezone=venue.timezone)


class EventSummaryView(View):
    id: str
    title: str
    artist: str
    venue: VenueView
    starts_at: Moment
    sale_opens_at: Moment
    sale_closes_at: Moment
    status: EventStatus
    currency: str
    poster_url: str | None
    min_price: int | None
    max_price: int | None

    @classmethod
    def of(cls, summary: EventSummary) -> "EventSummaryView":
        return cls(
            id=str(summary.id),
            title=summary.title,
            artist=summary.artist,
            venue=VenueView.of(summary.venue),
            starts_at=summary.starts_at,
            sale_opens_at=summary.sale_opens_at,
            sale_closes_at=summary.sale_closes_at,
            status=summary.status,
            currency=summary.currency,
            poster_url=summary.poster_url,
            min_price=summary.price_minor_min,
            max_price=summary.price_minor_max,
        )


class TierView(View):
    id: str
    name: str
    price: int
    kind: TierKind
    capacity: int

    @classmethod
    def of(cls, tier: Tier) -> "TierView":
        return cls(
            id=str(tier.id),
            name=tier.name,
            price=tier.price_minor,
            kind=tier.kind,
            capacity=tier.capacity,
        )


class LimitsView(View):
    seats_per_order: int
    seats_per_user: int


class QueueView(View):
    enabled: bool


class RefundPolicyView(View):
    until: Moment
    percent: int


class EventView(View):
    id: str
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
    limits: LimitsView
    queue: QueueView
    refund_policy: RefundPolicyView

    @classmethod
    def of(cls, event: Event, now: datetime) -> "EventView":
        policy = event.refund_policy
        return cls(
            id=str(event.id),
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
            tiers=[TierView.of(tier) for tier in event.tiers],
            limits=LimitsView(
                seats_per_order=event.limits.seats_per_order,
                seats_per_user=event.limits.seats_per_user,
            ),
            queue=QueueView(enabled=event.queue_enabled),
            refund_policy=RefundPolicyView(
                until=policy.last_moment(event.starts_at), percent=policy.percent
            ),
        )
