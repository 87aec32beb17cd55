"""Events as their organizers write and read them."""

import re
import unicodedata
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from tiketi.admin.domain import EventDraft, GeneralTier
from tiketi.admin.schemas.codes import Code, PresaleBody
from tiketi.admin.schemas.layouts import SectionName
from tiketi.admin.schemas.queue import OpeningQueueBody
from tiketi.events.api import Limits, RefundPolicy, Venue
from tiketi.infra.http.wire import Amount, Body, MomentIn, text
from tiketi.kernel.money import MINOR_DIGITS

URL_CHARACTERS_MAX = 2_048
DESCRIPTION_CHARACTERS_MAX = 10_000
TIERS_MAX = 50
PRICES_MAX = 500
CAPACITY_MAX = 1_000_000
SEATS_PER_ORDER_MAX = 1_000
SEATS_PER_USER_MAX = 1_000_000
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")


def _one_line(value: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise ValueError("may not contain line breaks or other control characters")
    return value


def _known_zone(name: str) -> str:
    try:
        if _ZONE.fullmatch(name) is None:
            raise ValueError(name)
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not an IANA time zone, such as Asia/Seoul") from None
    return name


def _sold_in(currency: str) -> str:
    if currency not in MINOR_DIGITS:
        raise ValueError(f"is not one of {', '.join(MINOR_DIGITS)}")
    return currency


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        has_host = False
    is_plain = url.isprintable() and not any(map(str.isspace, url))
    if not has_host or not is_plain or not url.lower().startswith(("http://", "https://")):
        raise ValueError("is not an http or https URL")
    return url


Line = Annotated[str, text(200), AfterValidator(_one_line)]


class VenueBody(Body):
    name: Line
    address: Annotated[str, text(500), AfterValidator(_one_line)]
    timezone: Annotated[str, Field(max_length=64), AfterValidator(_known_zone)]


class LimitsBody(Body):
    """Where one is not given, it gives way to the other."""

    seats_per_order: Annotated[int, Field(ge=1, le=SEATS_PER_ORDER_MAX)] | None = None
    seats_per_user: Annotated[int, Field(ge=1, le=SEATS_PER_USER_MAX)] | None = None
    seats_per_payment_method: Annotated[int, Field(ge=1, le=SEATS_PER_USER_MAX)] | None = Field(
        None, description="Paid for with one card, whoever pays; null: no such limit."
    )

    @model_validator(mode="after")
    def _order_fits_user(self) -> "LimitsBody":
        order, user = self.seats_per_order, self.seats_per_user
        if order is not None and user is not None and order > user:
            raise ValueError("seats_per_order may not exceed seats_per_user")
        return self

    def as_limits(self) -> Limits:
        order, user, usual = self.seats_per_order, self.seats_per_user, Limits()
        if order is None:
            order = min(usual.seats_per_order, user or usual.seats_per_order)
        most = user or max(usual.seats_per_user, order)
        return Limits(order, most, self.seats_per_payment_method)


class RefundPolicyBody(Body):
    until: MomentIn | None = Field(None, description="null: 24 h before the start.")
    percent: Annotated[int, Field(ge=0, le=100)] = 100


class GeneralTierBody(Body):
    name: Line
    price: Amount
    kind: Literal["general"] = "general"
    capacity: Annotated[int, Field(ge=1, le=CAPACITY_MAX)]
    access_code: Code | None = Field(None, description="Sold only to who sends it.")


class EventBody(Body):
    title: Line
    artist: Annotated[str, text(200, least=0), AfterValidator(_one_line)] = ""
    description: Annotated[str, text(DESCRIPTION_CHARACTERS_MAX, least=0)] = ""
    venue: VenueBody
    starts_at: MomentIn
    sale_opens_at: MomentIn
    sale_closes_at: MomentIn | None = Field(None, description="null: when the event starts.")
    currency: Annotated[str, AfterValidator(_sold_in)]
    poster_url: (
        Annotated[str, Field(max_length=URL_CHARACTERS_MAX), AfterValidator(_web_address)] | None
    ) = None
    limits: LimitsBody = LimitsBody()
    refund_policy: RefundPolicyBody = RefundPolicyBody()
    queue: OpeningQueueBody | None = None
    layout_id: UUID | None = None
    prices: Annotated[dict[SectionName, Amount], Field(max_length=PRICES_MAX)] = Field(
        default_factory=dict, description="By section; they win over the layout's."
    )
    tiers: Annotated[list[GeneralTierBody], Field(max_length=TIERS_MAX)] = Field(
        default_factory=list, description="General admission: places without seats."
    )
    access_codes: Annotated[dict[SectionName, Code], Field(max_length=PRICES_MAX)] = Field(
        default_factory=dict, description="By section, of those sold only to who sends the code."
    )
    presale: PresaleBody | None = Field(
        None, description="Left out it stays as it is; null takes it away."
    )

    @model_validator(mode="after")
    def _sale_has_length(self) -> "EventBody":
        if self.sale_opens_at >= (self.sale_closes_at or self.starts_at):
            raise ValueError("sale_opens_at must be before sale_closes_at")
        if self.presale is not None and self.presale.opens_at >= self.sale_opens_at:
            raise ValueError("presale.opens_at must be before sale_opens_at")
        return self

    def as_draft(self) -> EventDraft:
        return EventDraft(
            title=self.title,
            artist=self.artist,
            description=self.description,
            venue=Venue(self.venue.name, self.venue.address, self.venue.timezone),
            starts_at=self.starts_at,
            sale_opens_at=self.sale_opens_at,
            sale_closes_at=self.sale_closes_at,
            currency=self.currency,
            poster_url=self.poster_url,
            limits=self.limits.as_limits(),
            refund_policy=RefundPolicy(self.refund_policy.until, self.refund_policy.percent),
            layout_id=self.layout_id,
            prices_minor=dict(self.prices),
            tiers=tuple(
                GeneralTier(t.name, t.price, t.capacity, t.access_code) for t in self.tiers
            ),
            access_codes=dict(self.access_codes),
            presale=self.presale.as_presale() if self.presale is not None else None,
            keeps_presale="presale" not in self.model_fields_set,
            queue={} if self.queue is None else self.queue.as_changes(),
        )
