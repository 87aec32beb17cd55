"""An entry on a waiting list: a party, what it waits for, and what became of that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tiketi.events.api import Event, TierKind


class EntryStatus(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    BOUGHT = "bought"
    EXPIRED = "expired"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class PartyWish:
    """So many places together in one order, of these tiers; none named: of any that is sold
    without a code. ``adjacent``: seats side by side, as far as any row is long enough.
    """

    quantity: int
    tier_ids: tuple[UUID, ...]
    adjacent: bool

    def wanted(self, event: Event) -> frozenset[UUID]:
        """The tiers whose places fit."""
        tiers = self.tier_ids or tuple(tier.id for tier in event.tiers)
        return frozenset(tiers) - event.coded_tiers

    def is_possible(self, event: Event) -> bool:
        """Whether the event has so many places of the wanted tiers at all: seats of all of them,
        or general places of one.
        """
        wanted = self.wanted(event)
        tiers = [tier for tier in event.tiers if tier.id in wanted]
        seats = sum(tier.capacity for tier in tiers if tier.kind is TierKind.SEATED)
        general = (tier.capacity for tier in tiers if tier.kind is TierKind.GENERAL)
        return self.quantity <= max(seats, *general, 0)


@dataclass(frozen=True, slots=True)
class Offer:
    """Places that one account alone may buy until ``expires_at``."""

    allotment_id: UUID
    expires_at: datetime
    seat_indexes: Sequence[int]
    general: Mapping[UUID, int]

    def covers(self, seat_indexes: Sequence[int], general: Mapping[UUID, int]) -> bool:
        """Whether nothing is asked for but what is offered."""
        return set(seat_indexes) <= set(self.seat_indexes) and all(
            quantity <= self.general.get(tier_id, 0) for tier_id, quantity in general.items()
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """``number`` orders the line. ``position``: how many wait before it, plus one, while it waits.

    ``passed_over``: how often places of its tiers came free and went elsewhere since it gathers
    nothing; ``gathering_since``: from when on they are gathered for it.
    """

    id: UUID
    number: int
    event_id: UUID
    user_id: UUID
    wish: PartyWish
    status: EntryStatus
    position: int | None
    offer: Offer | None
    passed_over: int
    gathering_since: datetime | None
    created_at: datetime
