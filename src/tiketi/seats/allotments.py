"""Places kept back: for who has a code, for the house, or for later."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

SEATS_AN_ALLOTMENT_MAX = 50_000


@dataclass(frozen=True, slots=True)
class NewAllotment:
    """Seats by their ids, by whole rows (``VIP-1``) and by whole sections; general places by tier.

    ``access_code`` None: nobody may buy them before they are released. ``uses_max`` counts orders;
    None is without limit. ``release_at`` None: they are released by hand.
    """

    name: str
    seat_ids: Sequence[str] = ()
    rows: Sequence[str] = ()
    sections: Sequence[str] = ()
    general: Mapping[UUID, int] = field(default_factory=dict)
    access_code: str | None = None
    uses_max: int | None = None
    release_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Allotment:
    """``released`` counts the seats that are released already; ``released_at`` is when all were."""

    id: UUID
    event_id: UUID
    name: str
    seat_indexes: "array[int]"
    general: Mapping[UUID, int]
    release_at: datetime | None
    released: int
    released_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Left:
    """What nobody has taken yet of an allotment that is not released."""

    seats: int
    general: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class AllotmentPage:
    items: tuple[Allotment, ...]
    next_cursor: str | None
