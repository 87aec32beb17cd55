"""The provider's last word becomes tickets, a refund, or an end; each exactly once.

Every way in ends here: the answer to a confirmation, a webhook, the reconciler. The first write
names the state that it expects, so that whoever comes second finds nothing left to do; it also
locks, in the order payment, reservation, places.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound
from tiketi.kernel.ids import new_id
from tiketi.payments import repository
from tiketi.payments.domain import Payment, PaymentStatus, Refund, RefundStatus
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
    tx: Tx, runtime: Runtime, payment_id: UUID, capture: Capture, now: datetime
) -> Payment | None:
    """The money was taken: sell the places, or owe all of it back.

    It counts after a failure or a cancellation too, since the money is what is true. None when
    nothing changed: it was counted before, or is not of the payment's amount and currency.
    """
    payment = await repository.settle_captured(
        tx,
        payment_id,
        amount_minor=capture.amount_minor,
        currency=capture.currency,
        provider_payment_id=capture.provider_payment_id,
        now=now,
    )
    if payment is None:
        return None
    outcome = await reservations.confirm_reservation(tx, runtime, payment.reservation_id, now)
    if outcome is ConfirmOutcome.CONFIRMED:
        return payment
    if payment.amount_minor > 0:
        # Whoever settles sends it at once; a loop does when they could not.
        check_at = now + timedelta(seconds=runtime.settings.payment_reconcile_after_seconds)
        owed = _owed_back(payment, _REASONS[outcome], now)
        await insert_refund(tx, owed, request_key=_TOO_LATE_KEY, check_at=check_at)
    log.info("captured_too_late", payment_id=str(payment_id), reason=_REASONS[outcome])
    return await repository.owe_back(tx, payment_id)


async def settle_failure(
    tx: Tx, payment_id: UUID, failure_code: str, now: datetime
) -> Payment | None:
    """Nothing was taken; None when more is known already."""
    return await repository.settle_unpaid(tx, payment_id, PaymentStatus.FAILED, failure_code, now)


async def settle_state(
    tx: Tx, runtime: Runtime, payment_id: UUID, state: ChargeState, now: datetime
) -> Payment:
    """Settle by the provider's state, if that is final; the payment as it then stands."""
    match state.status:
        case ChargeStatus.CAPTURED:
            capture = Capture(state.amount_minor, state.currency, state.provider_payment_id)
            settled = await settle_capture(tx, runtime, payment_id, capture, now)
        case ChargeStatus.DECLINED:
            settled = await settle_failure(tx, payment_id, state.failure_code or DECLINED, now)
        case ChargeStatus.CANCELLED:
            settled = await repository.settle_unpaid(
                tx, payment_id, PaymentStatus.CANCELLED, None, now
            )
        case _:
            settled = None
    standing = settled or await repository.find_payment(tx, payment_id)
    if standing is None:
        raise NotFound
    if state.status is ChargeStatus.CAPTURED and standing.settled_at is None:
        log.error("captured_amount_differs", payment_id=str(payment_id), said=repr(state))
    return standing


def _owed_back(payment: Payment, reason: str, now: datetime) -> Refund:
    return Refund(
        id=new_id(),
        payment_id=payment.id,
        amount_minor=payment.amount_minor,
        reason=reason,
        status=RefundStatus.PENDING,
        requested_by=None,
        releases=False,
        created_at=now,
        settled_at=None,
    )
