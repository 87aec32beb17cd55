"""Payments on the wire."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field

from tiketi.infra.http.wire import Amount, Body, Moment, View, text
from tiketi.kernel.money import AMOUNT_MINOR_MAX
from tiketi.payments.domain import Payment, PaymentStatus, Refund, RefundStatus

RETURN_URL_CHARACTERS_MAX = 2_048
CARD_NUMBER_CHARACTERS_MAX = 32


def _web_address(url: str) -> str:
    """The URL, if a browser may be sent there: absolute, http or https, no control characters."""
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("must be a percent-encoded URL")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an absolute http or https URL")
    return url


ReturnUrl = Annotated[str, text(RETURN_URL_CHARACTERS_MAX), AfterValidator(_web_address)]
Detail = Annotated[str, text(255)]
ProviderName = Annotated[str, text(32)]


class StartPaymentBody(Body):
    reservation_id: UUID
    provider: ProviderName | None = Field(None, description="unset: the default one")
    return_url: ReturnUrl | None = Field(None, description="where the provider's page leads back")


class CardBody(Body):
    number: Annotated[str, text(CARD_NUMBER_CHARACTERS_MAX)]


class ConfirmPaymentBody(Body):
    """What the provider's page returned; nothing after a redirect."""

    card: CardBody | None = Field(None, description="sandbox")
    payment_key: Detail | None = Field(None, description="toss")
    order_id: Detail | None = Field(None, description="toss, if at hand")
    amount: Amount | None = Field(None, description="toss, if at hand")
    payment_method: Detail | None = Field(None, description="stripe, unless its page confirmed")

    def details(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)


class RefundPaymentBody(Body):
    amount: int | None = Field(
        None, ge=1, le=AMOUNT_MINOR_MAX, description="minor units; unset: all that may go back"
    )
    reason: Annotated[str, text(200)] | None = None


class RefundView(View):
    id: UUID
    amount: int
    status: RefundStatus
    reason: str | None
    created_at: Moment

    @classmethod
    def of(cls, refund: Refund) -> "RefundView":
        return cls(
            id=refund.id,
            amount=refund.amount_minor,
            status=refund.status,
            reason=refund.reason,
            created_at=refund.created_at,
        )


class PaymentView(View):
    """``client`` is what the buyer's page needs to go on, ``redirect_url`` where it has to leave.

    ``hold_expires_at`` is until when the payment keeps its places for itself.
    """

    id: UUID
    reservation_id: UUID
    status: PaymentStatus
    amount: int
    currency: str
    provider: str
    client: dict[str, Any]
    hold_expires_at: Moment
    failure_code: str | None
    refunded_amount: int
    refunds: list[RefundView]
    created_at: Moment

    @classmethod
    def of(cls, payment: Payment, refunds: Sequence[Refund]) -> "PaymentView":
        return cls(
            id=payment.id,
            reservation_id=payment.reservation_id,
            status=payment.status,
            amount=payment.amount_minor,
            currency=payment.currency,
            provider=payment.provider,
            client=dict(payment.client),
            hold_expires_at=payment.hold_expires_at,
            failure_code=payment.failure_code,
            refunded_amount=payment.refunded_minor,
            refunds=[RefundView.of(refund) for refund in refunds],
            created_at=payment.created_at,
        )


class ReceivedView(View):
    """A webhook was taken, whatever it changed."""

    received: bool = True
