"""A payment and its refunds, and the rules about them that need no store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tiketi.kernel.money import percent_of

# What takes no money asks no company.
NO_PROVIDER = "none"


class PaymentStatus(StrEnum):
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"
    CANCELLED = "cancelled"


PAID = (PaymentStatus.SUCCEEDED, PaymentStatus.PARTIALLY_REFUNDED)
UNPAID_ENDS = (PaymentStatus.FAILED, PaymentStatus.CANCELLED)


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Capture:
    """What a provider says that it took for a payment."""

    payment_id: UUID
    amount_minor: int | None
    currency: str | None
    provider_payment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Part of a payment on its way back. ``releases``: the tickets go back with it."""

    id: UUID
    payment_id: UUID
    amount_minor: int
    reason: str | None
    status: RefundStatus
    requested_by: UUID | None
    releases: bool
    created_at: datetime
    settled_at: datetime | None

    @property
    def is_automatic(self) -> bool:
        """Owed by the system itself, so that a refusal of the provider does not end it."""
        return self.requested_by is None


@dataclass(frozen=True, slots=True)
class Payment:
    """One try to pay a reservation.

    ``settled_at`` is when the provider's last word was written down: a payment that is settled
    yet processing was captured too late, and its refund is under way. ``released_at`` is when the
    tickets went back, whatever part of the money did.
    """

    id: UUID
    reservation_id: UUID
    event_id: UUID
    user_id: UUID
    provider: str
    provider_payment_id: str | None
    status: PaymentStatus
    amount_minor: int
    currency: str
    refunded_minor: int
    client: Mapping[str, Any]
    hold_expires_at: datetime
    failure_code: str | None
    return_url: str | None
    created_at: datetime
    updated_at: datetime
    confirming_until: datetime | None
    settled_at: datetime | None
    released_at: datetime | None

    @property
    def is_in_doubt(self) -> bool:
        """The provider may have been asked, and its last word is not known."""
        return self.status is PaymentStatus.PROCESSING and self.settled_at is None

    @property
    def is_owed_back(self) -> bool:
        """The money was taken too late, and all of it is on its way back."""
        return self.status is PaymentStatus.PROCESSING and self.settled_at is not None

    def is_being_confirmed(self, now: datetime) -> bool:
        """Somebody is asking the provider at this moment, or has just died doing so."""
        return (
            self.status is PaymentStatus.PROCESSING
            and self.confirming_until is not None
            and now < self.confirming_until
        )


def allowance_minor(payment: Payment, percent: int, reserved_minor: int) -> int:
    """What may still go back when so many per cent of the payment may, never below zero.

    ``reserved_minor`` are the refunds that are under way.
    """
    most = percent_of(payment.amount_minor, percent)
    return max(0, most - payment.refunded_minor - reserved_minor)
