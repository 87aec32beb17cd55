"""Reservations and locks on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from tiketi.infra.http.wire import Body, Moment, PageQuery, View
from tiketi.reservations.domain import (
    QUANTITY_MAX,
    SEATS_A_REQUEST_MAX,
    Reservation,
    ReservationStatus,
)
from tiketi.seats.api import SeatLock
from tiketi.tickets.api import Ticket, TicketStatus

SeatId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
SeatIds = Annotated[list[SeatId], Field(max_length=SEATS_A_REQUEST_MAX)]
AccessCode = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Quantity = Annotated[int, Field(ge=1, le=QUANTITY_MAX)]


class LockBody(Body):
    event_id: UUID
    seat_ids: Annotated[list[SeatId], Field(min_length=1, max_length=SEATS_A_REQUEST_MAX)]
    access_code: AccessCode | None = None


class GeneralWishBody(Body):
    tier_id: UUID
    quantity: Quantity


class ReserveBody(Body):
    event_id: UUID
    seat_ids: SeatIds = Field(default_factory=list)
    general: Annotated[list[GeneralWishBody], Field(max_length=SEATS_A_REQUEST_MAX)] = Field(
        default_factory=list
    )
    lock_id: UUID | None = None
    access_code: AccessCode | None = None


class BestAvailableBody(Body):
    event_id: UUID
    quantity: Annotated[int, Field(ge=1, le=SEATS_A_REQUEST_MAX)]
    tier_id: UUID | None = None
    section: Annotated[str, StringConstraints(min_length=1, max_length=12)] | None = None
    adjacent: bool = True
    accessible: bool = False
    access_code: AccessCode | None = None


class ReservationsQuery(PageQuery):
    status: ReservationStatus | None = None
    event_id: UUID | None = None


class LockView(View):
    lock_id: UUID
    fence: int
    seat_ids: list[str]
    expires_at: Moment

    @classmethod
    def of(cls, lock: SeatLock) -> "LockView":
        return cls(
            lock_id=lock.lock_id,
            fence=lock.fence,
            seat_ids=list(lock.seat_ids),
            expires_at=lock.expires_at,
        )


class ItemView(View):
    seat_id: str | None
    tier_id: UUID
    section: str | None
    unit_price: int
    quantity: int


class ReservationView(View):
    id: UUID
    number: str
    event_id: UUID
    user_id: UUID
    status: ReservationStatus
    amount: int
    currency: str
    items: list[ItemView]
    expires_at: Moment
    created_at: Moment
    confirmed_at: Moment | None

    @classmethod
    def of(cls, reservation: Reservation) -> "ReservationView":
        return cls(
            id=reservation.id,
            number=reservation.number,
            event_id=reservation.event_id,
            user_id=reservation.user_id,
            status=reservation.status,
            amount=reservation.amount_minor,
            currency=reservation.currency,
            items=[
                ItemView(
                    seat_id=item.seat_id,
                    tier_id=item.tier_id,
                    section=item.section,
                    unit_price=item.unit_price_minor,
                    quantity=item.quantity,
                )
                for item in reservation.items
            ],
            expires_at=reservation.expires_at,
            created_at=reservation.created_at,
            confirmed_at=reservation.confirmed_at,
        )


class TicketView(View):
    id: UUID
    code: str
    qr_svg: str
    seat_id: str | None
    tier_id: UUID
    status: TicketStatus

    @classmethod
    def of(cls, ticket: Ticket, qr_svg: str) -> "TicketView":
        return cls(
            id=ticket.id,
            code=ticket.code,
            qr_svg=qr_svg,
            seat_id=ticket.seat_id,
            tier_id=ticket.tier_id,
            status=ticket.status,
        )


class TicketsView(View):
    items: list[TicketView]
