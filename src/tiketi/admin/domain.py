"""What an organizer writes, as the use cases take it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tiketi.events.api import Limits, Presale, RefundPolicy, Venue


@dataclass(frozen=True, slots=True)
class GeneralTier:
    """Places without seats; the price in the minor unit of the event's currency.

    ``access_code``: sold only to who has it.
    """

    name: str
    price_minor: int
    capacity: int
    access_code: str | None = None


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event to be made, or to be made anew.

    ``prices_minor``, by section, win over the layout's. ``queue`` holds those fields of
    ``WaitingRoomSettings`` that are to be set; the others stay, at first the defaults.
    ``access_codes``, by section, are of seated tiers. ``keeps_presale``: ``presale`` says nothing.
    ``sale_closes_at`` None is the start of the event. ``expected_audience``
    is noted when the event is made; later it has a call of its own.
    """

    title: str
    venue: Venue
    starts_at: datetime
    sale_opens_at: datetime
    currency: str
    sale_closes_at: datetime | None = None
    artist: str = ""
    description: str = ""
    poster_url: str | None = None
    limits: Limits = field(default_factory=Limits)
    refund_policy: RefundPolicy = field(default_factory=RefundPolicy)
    layout_id: UUID | None = None
    prices_minor: Mapping[str, int] = field(default_factory=dict)
    tiers: tuple[GeneralTier, ...] = ()
    queue: Mapping[str, Any] = field(default_factory=dict)
    expected_audience: int | None = None
    access_codes: Mapping[str, str] = field(default_factory=dict)
    presale: Presale | None = None
    keeps_presale: bool = True


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that somebody did. ``actor_id`` None: the system itself."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    action: str
    subject_id: UUID | None
    detail: Mapping[str, Any]
