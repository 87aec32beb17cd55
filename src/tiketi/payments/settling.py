"""The provider's last word becomes tickets, a refund, or an end; each exactly once.

Every way in ends here: the answer to a confirmation, a webhook, the reconciler. Locks are taken in
the order payment, reservation, places.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.ids import new_id
from tiketi.payments import repository
from tiketi.payments.domain import (
    UNPAID_ENDS,
    Payment,
    PaymentStatus,
    Refund,
    RefundStatus,
)
from tiketi.payments.providers.protocol import ChargeState, ChargeStatus
from tiketi.payments.repository_refunds import insert_refund
from tiketi.reservations import api as reservations
from tiketi.reservations.api import ConfirmOutcome

log = structlog.get_logger(__name__)

PROVIDER_TIMEOUT = "provider_timeout"
DECLINED = "declined"
# The one automatic refund that a payment can ever need for coming too late.
_TOO_LATE_KEY = "too_late"
_REASONS = {ConfirmOutcome.LOST: "places_gone", ConfirmOutcome.ALREADY: "paid_already"}


@dataclass(frozen=True, slots=True)
class Capture:
    """What a provider says that it took."""

    amount_minor: int | None
    currency: str | None
    provider_payment_id: str | None = None


async def settle_capture(
    tx: Tx, runtime: Runtime, payment: Payment, capture: Capture, now: datetime
) -> Payment:
    """The money of a locked payment was taken: sell the places, or owe all of it back.

    It counts after a failure or a cancellation too, since the money is what is true. A capture of
    another amount or currency settles nothing.
    """
    if payment.settled_at is not None and payment.status not in UNPAID_ENDS:
        return payment
    if (capture.amount_minor, capture.currency) != (payment.amount_minor, payment.currency):
        log.error("captured_amount_differs", payment_id=str(payment.id), said=repr(capture))
        return payment
    outcome = await reservations.confirm_reservation(tx, runtime, payment.reservation_id, now)
    if outcome is ConfirmOutcome.CONFIRMED:
        return await _settle(tx, payment, PaymentStatus.SUCCEEDED, capture, now)
    if payment.amount_minor == 0:
        return await _settle(tx, payment, PaymentStatus.REFUNDED, capture, now)
    owed = Refund(
        id=new_id(),
        payment_id=payment.id,
        amount_minor=payment.amount_minor,
        reason=_REASONS[outcome],
        status=RefundStatus.PENDING,
        requested_by=None,
        releases=False,
        created_at=now,
        settled_at=None,
    )
    # Whoever settles sends it at once; a loop does when they could not.
    check_at = now + timedelta(seconds=runtime.settings.payment_reconcile_after_seconds)
    await insert_refund(tx, owed, request_key=_TOO_LATE_KEY, check_at=check_at)
    log.info("captured_too_late", payment_id=str(payment.id), reason=owed.reason)
    return await _settle(tx, payment, PaymentStatus.PROCESSING, capture, now)


async def settle_failure(tx: Tx, payment: Payment, failure_code: str, now: datetime) -> Payment:
    """Nothing was taken for a locked payment, unless more is known already."""
    if payment.settled_at is not None:
        return payment
    return await repository.settle(
        tx, payment.id, PaymentStatus.FAILED, failure_code=failure_code, now=now
    )


async def settle_state(
    tx: Tx, runtime: Runtime, payment: Payment, state: ChargeState, now: datetime
) -> Payment:
    """Settle a locked payment by the provider's state, if that is final."""
    match state.status:
        case ChargeStatus.CAPTURED:
            capture = Capture(state.amount_minor, state.currency, state.provider_payment_id)
            return await settle_capture(tx, runtime, payment, capture, now)
        case ChargeStatus.DECLINED:
            return await settle_failure(tx, payment, state.failure_code or DECLINED, now)
        case ChargeStatus.CANCELLED if payment.settled_at is None:
            return await repository.settle(tx, payment.id, PaymentStatus.CANCELLED, now=now)
    return payment


async def _settle(
    tx: Tx, payment: Payment, status: PaymentStatus, capture: Capture, now: datetime
) -> Payment:
    return await repository.settle(
        tx, payment.id, status, provider_payment_id=capture.provider_payment_id, now=now
    )
