"""What is sold: an event, its tiers, and the status that the clock gives it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

SEATS_PER_ORDER_DEFAULT = 4
SEATS_PER_USER_DEFAULT = 8
REFUND_BEFORE_START_DEFAULT = timedelta(hours=24)


class EventStatus(StrEnum):
    DRAFT = "draft"
    UPCOMING = "upcoming"
    ON_SALE = "on_sale"
    SOLD_OUT = "sold_out"
    ENDED = "ended"
    CANCELLED = "cancelled"


class TierKind(StrEnum):
    SEATED = "seated"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Venue:
    """``timezone`` is an IANA name."""

    name: str
    address: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Limits:
    """``seats_per_user`` counts over all of a user's pending and confirmed reservations,
    ``seats_per_payment_method`` over all that one card pays for; None is without limit.
    """

    seats_per_order: int = SEATS_PER_ORDER_DEFAULT
    seats_per_user: int = SEATS_PER_USER_DEFAULT
    seats_per_payment_method: int | None = None


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """Until when the owner may give places back, and for how much of the price."""

    until: datetime | None = None
    percent: int = 100

    def last_moment(self, starts_at: datetime) -> datetime:
        return self.until or starts_at - REFUND_BEFORE_START_DEFAULT


@dataclass(frozen=True, slots=True)
class Tier:
    """Places of one price. ``section`` is the one that a seated tier prices, else None."""

    id: UUID
    event_id: UUID
    position: int
    name: str
    price_minor: int
    kind: TierKind
    section: str | None
    capacity: int


@dataclass(frozen=True, slots=True)
class Event:
    """``expected_audience``: how many people the organizer expects at the opening, if they said.

    ``coded_tiers``: those sold only to who has a code. From ``presale_opens_at`` to the opening of
    the sale, who has a code of the presale may buy.
    """

    id: UUID
    organizer_id: UUID | None
    layout_id: UUID | None
    title: str
    artist: str
    description: str
    venue: Venue
    starts_at: datetime
    sale_opens_at: datetime
    sale_closes_at: datetime
    currency: str
    poster_url: str | None
    limits: Limits
    refund_policy: RefundPolicy
    queue_enabled: bool
    sold_out: bool
    published_at: datetime | None
    cancelled_at: datetime | None
    tiers: tuple[Tier, ...]
    created_at: datetime
    updated_at: datetime
    expected_audience: int | None = None
    presale_opens_at: datetime | None = None
    coded_tiers: frozenset[UUID] = frozenset()

    def status(self, now: datetime) -> EventStatus:
        """``repository_list`` says the same in SQL."""
        if self.cancelled_at is not None:
            return EventStatus.CANCELLED
        if self.published_at is None:
            return EventStatus.DRAFT
        if now >= self.sale_closes_at:
            return EventStatus.ENDED
        if now < self.sale_opens_at:
            return EventStatus.UPCOMING
        return EventStatus.SOLD_OUT if self.sold_out else EventStatus.ON_SALE

    def is_on_sale(self, now: datetime) -> bool:
        """Whether one may try to buy: a sold-out event's places may yet come back."""
        return self.status(now) in (EventStatus.ON_SALE, EventStatus.SOLD_OUT)

    def is_in_presale(self, now: datetime) -> bool:
        """Whether who has a code of the presale may buy and nobody else."""
        opens_at = self.presale_opens_at
        is_upcoming = self.status(now) is EventStatus.UPCOMING
        return is_upcoming and opens_at is not None and opens_at <= now

    def tier(self, tier_id: UUID) -> Tier | None:
        return next((tier for tier in self.tiers if tier.id == tier_id), None)

    @property
    def places(self) -> int:
        """Seats and general places, all tiers together."""
        return sum(tier.capacity for tier in self.tiers)

    @property
    def is_visible(self) -> bool:
        """Whether buyers may know of it: drafts, cancelled ones too, are the organizer's own."""
        return self.published_at is not None


@dataclass(frozen=True, slots=True)
class NewTier:
    """A tier to be made. A seated one's ``section`` is a section of the event's layout."""

    name: str
    price_minor: int
    kind: TierKind
    capacity: int
    section: str | None = None


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What an organizer writes of an event. ``sale_closes_at`` None is the start of the event."""

    title: str
    venue: Venue
    starts_at: datetime
    sale_opens_at: datetime
    currency: str
    tiers: tuple[NewTier, ...]
    artist: str = ""
    description: str = ""
    sale_closes_at: datetime | None = None
    poster_url: str | None = None
    limits: Limits = Limits()
    refund_policy: RefundPolicy = RefundPolicy()
    queue_enabled: bool = False
    layout_id: UUID | None = None

    @property
    def closes_at(self) -> datetime:
        return self.sale_closes_at or self.starts_at

    def in_milliseconds(self) -> "NewEvent":
        """The same with its times as the wire shows them, so that sent back they are no change."""
        until = self.refund_policy.until
        return replace(
            self,
            starts_at=_in_milliseconds(self.starts_at),
            sale_opens_at=_in_milliseconds(self.sale_opens_at),
            sale_closes_at=_in_milliseconds(self.closes_at),
            refund_policy=replace(self.refund_policy, until=until and _in_milliseconds(until)),
        )


def _in_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class EventSummary:
    """One line of a list; prices in the currency's minor unit."""

    id: UUID
    organizer_id: UUID | None
    title: str
    artist: str
    venue: Venue
    starts_at: datetime
    sale_opens_at: datetime
    sale_closes_at: datetime
    status: EventStatus
    currency: str
    poster_url: str | None
    queue_enabled: bool
    price_minor_min: int | None
    price_minor_max: int | None


@dataclass(frozen=True, slots=True)
class PastSale:
    """One of an artist's sales that opened already. ``places``: how many could be sold."""

    event_id: UUID
    sale_opened_at: datetime
    places: int
