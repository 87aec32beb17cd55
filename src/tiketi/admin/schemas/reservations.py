"""Reservations as the crew reads them."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from tiketi.admin.search import Found
from tiketi.auth.api import EMAIL_CHARACTERS_MAX, Account
from tiketi.infra.http.wire import Body, Moment, PageQuery, View, text
from tiketi.kernel.money import AMOUNT_MINOR_MAX
from tiketi.payments.api import Payment, PaymentStatus
from tiketi.reservations.api import Item, ReservationStatus

REASON_CHARACTERS_MAX = 200


class ReservationsQuery(PageQuery):
    q: Annotated[str, Field(max_length=EMAIL_CHARACTERS_MAX)] = Field(
        "", description="A number or a seat id, or how an e-mail address or a name begins."
    )
    status: ReservationStatus | None = None
    event_id: UUID | None = None


class RefundBody(Body):
    amount: Annotated[int, Field(ge=1, le=AMOUNT_MINOR_MAX)] | None = Field(
        None, description="In the minor unit; null: all that is left."
    )
    reason: Annotated[str, text(REASON_CHARACTERS_MAX)] | None = None


class ItemView(View):
    seat_id: str | None
    tier_id: UUID
    section: str | None
    unit_price: int
    quantity: int

    @classmethod
    def of(cls, item: Item) -> "ItemView":
        return cls(
            seat_id=item.seat_id,
            tier_id=item.tier_id,
            section=item.section,
            unit_price=item.unit_price_minor,
            quantity=item.quantity,
        )


class BuyerView(View):
    id: UUID
    email: str
    name: str
    phone: str | None

    @classmethod
    def of(cls, account: Account) -> "BuyerView":
        return cls(id=account.id, email=account.email, name=account.name, phone=account.phone)


class PaymentView(View):
    id: UUID
    reservation_id: UUID
    status: PaymentStatus
    amount: int
    refunded_amount: int
    currency: str
    provider: str
    failure_code: str | None
    created_at: Moment

    @classmethod
    def of(cls, payment: Payment) -> "PaymentView":
        return cls(
            id=payment.id,
            reservation_id=payment.reservation_id,
            status=payment.status,
            amount=payment.amount_minor,
            refunded_amount=payment.refunded_minor,
            currency=payment.currency,
            provider=payment.provider,
            failure_code=payment.failure_code,
            created_at=payment.created_at,
        )


class ReservationView(View):
    """``user`` null: the account was erased. ``payment`` null: none was begun."""

    id: UUID
    number: str
    event_id: UUID
    event_title: str
    user_id: UUID
    user: BuyerView | None
    status: ReservationStatus
    amount: int
    currency: str
    items: list[ItemView]
    payment: PaymentView | None
    expires_at: Moment
    created_at: Moment
    confirmed_at: Moment | None

    @classmethod
    def of(cls, found: Found) -> "ReservationView":
        reservation = found.reservation
        return cls(
            id=reservation.id,
            number=reservation.number,
            event_id=reservation.event_id,
            event_title=found.event_title,
            user_id=reservation.user_id,
            user=None if found.buyer is None else BuyerView.of(found.buyer),
            status=reservation.status,
            amount=reservation.amount_minor,
            currency=reservation.currency,
            items=[ItemView.of(item) for item in reservation.items],
            payment=None if found.payment is None else PaymentView.of(found.payment),
            expires_at=reservation.expires_at,
            created_at=reservation.created_at,
            confirmed_at=reservation.confirmed_at,
        )
