"""Waiting lists on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from tiketi.infra.http.wire import Body, Moment, PageQuery, View
from tiketi.reservations.domain import SEATS_A_REQUEST_MAX
from tiketi.reservations.waiting_list.domain import Entry, EntryStatus, Offer, PartyWish
from tiketi.seats.api import SeatMap

TIERS_MAX = 100


class WaitBody(Body):
    event_id: UUID
    quantity: Annotated[int, Field(ge=1, le=SEATS_A_REQUEST_MAX)]
    tier_ids: Annotated[list[UUID], Field(max_length=TIERS_MAX)] = Field(default_factory=list)
    adjacent: bool = True

    @property
    def wish(self) -> PartyWish:
        return PartyWish(self.quantity, tuple(sorted(set(self.tier_ids))), self.adjacent)


class WaitingListQuery(PageQuery):
    event_id: UUID | None = None


class OfferView(View):
    expires_at: Moment
    seat_ids: list[str]
    general: dict[UUID, int]

    @classmethod
    def of(cls, offer: Offer, seat_map: SeatMap | None) -> "OfferView":
        names = seat_map.seat_ids if seat_map is not None else ()
        return cls(
            expires_at=offer.expires_at,
            seat_ids=[names[index] for index in offer.seat_indexes],
            general=dict(offer.general),
        )


class EntryView(View):
    id: UUID
    event_id: UUID
    quantity: int
    tier_ids: list[UUID]
    adjacent: bool
    position: int | None
    status: EntryStatus
    offer: OfferView | None
    created_at: Moment

    @classmethod
    def of(cls, entry: Entry, seat_map: SeatMap | None) -> "EntryView":
        return cls(
            id=entry.id,
            event_id=entry.event_id,
            quantity=entry.wish.quantity,
            tier_ids=list(entry.wish.tier_ids),
            adjacent=entry.wish.adjacent,
            position=entry.position,
            status=entry.status,
            offer=OfferView.of(entry.offer, seat_map) if entry.offer is not None else None,
            created_at=entry.created_at,
        )
