"""The provider's last word becomes tickets, a refund, or an end; each exactly once.

Every way in ends here: the answer to a confirmation, a webhook, the reconciler. The first write
names the state that it expects, so that whoever comes second finds nothing left to do; it also
locks, in the order payment, reservation, places.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound
from tiketi.kernel.ids import new_id
from tiketi.payments import repository
from tiketi.payments.domain import Capture, Payment, PaymentStatus, Refund, RefundStatus
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


async def settle_captures(
    tx: Tx, runtime: Runtime, captures: Sequence[Capture], now: datetime
) -> dict[UUID, Payment]:
    """The money was taken: sell the places, or owe all of it back.

    It counts after a failure or a cancellation too, since the money is what is true. A payment of
    which nothing changed is left out: it was counted before, or is not of the captured amount and
    currency.
    """
    payments = await repository.settle_captured(tx, captures, now)
    if not payments:
        return {}  # most webhooks say what was settled by the answer already
    by_reservation: dict[UUID, list[Payment]] = {}
    for payment in payments:
        by_reservation.setdefault(payment.reservation_id, []).append(payment)
    outcomes = await reservations.confirm_reservations(tx, runtime, list(by_reservation), now)
    settled: dict[UUID, Payment] = {}
    for reservation_id, of_one in by_reservation.items():
        outcome = outcomes[reservation_id]
        for payment in of_one:
            settled[payment.id] = (
                payment
                if outcome is ConfirmOutcome.CONFIRMED
                else await _owe_back(tx, runtime, payment, _REASONS[outcome], now)
            )
            if outcome is ConfirmOutcome.CONFIRMED:
                outcome = ConfirmOutcome.ALREADY
    return settled


async def _owe_back(
    tx: Tx, runtime: Runtime, payment: Payment, reason: str, now: datetime
) -> Payment:
    if payment.amount_minor > 0:
        # Whoever settles sends it at once; a loop does when they could not.
        check_at = now + timedelta(seconds=runtime.settings.payment_reconcile_after_seconds)
        owed = _owed_back(payment, reason, now)
        await insert_refund(tx, owed, request_key=_TOO_LATE_KEY, check_at=check_at)
    log.info("captured_too_late", payment_id=str(payment.id), reason=reason)
    return await repository.owe_back(tx, payment.id)


async def settle_failure(
    tx: Tx, payment_id: UUID, failure_code: str, now: datetime
) -> Payment | None:
    """Nothing was taken; None when more is known already."""
    return await repository.settle_unpaid(tx, payment_id, PaymentStatus.FAILED, failure_code, now)


async def settle_states(
    tx: Tx, runtime: Runtime, states: Sequence[tuple[UUID, ChargeState]], now: datetime
) -> list[Payment]:
    """Settle payments by their providers' states, where those are final; each as it then stands."""
    captures = [
        Capture(payment_id, state.amount_minor, state.currency, state.provider_payment_id)
        for payment_id, state in states
        if state.status is ChargeStatus.CAPTURED
    ]
    settled = await settle_captures(tx, runtime, captures, now) if captures else {}
    return [
        settled.get(payment_id) or await _settle_other(tx, payment_id, state, now)
        for payment_id, state in states
    ]


async def _settle_other(tx: Tx, payment_id: UUID, state: ChargeState, now: datetime) -> Payment:
    """What took no money, or changed nothing."""
    settled = None
    match state.status:
        case ChargeStatus.DECLINED:
            settled = await settle_failure(tx, payment_id, state.failure_code or DECLINED, now)
        case ChargeStatus.CANCELLED:
            settled = await repository.settle_unpaid(
                tx, payment_id, PaymentStatus.CANCELLED, None, now
            )
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
