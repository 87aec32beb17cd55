"""Money on its way back: reserved in one transaction, sent between, counted in another.

The pending row is what keeps parallel refunds within the payment, and what lets a loop finish one
whose process died: the provider knows it by its id.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound
from tiketi.kernel.ids import new_id
from tiketi.payments import repository, repository_refunds
from tiketi.payments.domain import (
    PAID,
    Payment,
    PaymentStatus,
    Refund,
    RefundStatus,
    allowance_minor,
)
from tiketi.payments.errors import AnswerLost, ProviderAway, RefundExceedsCaptured, RefundRefused
from tiketi.payments.providers.directory import Providers
from tiketi.payments.providers.gateway import ProviderCall
from tiketi.payments.providers.protocol import Charge
from tiketi.payments.telling import tell_refunded
from tiketi.reservations import api as reservations
from tiketi.reservations.api import RefundNotAllowed, ReservationStatus

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """``amount_minor`` None is all that may go back; in all at most ``percent`` of the payment.

    ``request_key`` makes asking again the same refund. ``requested_by`` None is the system.
    """

    payment_id: UUID
    amount_minor: int | None
    reason: str | None
    requested_by: UUID | None
    request_key: str
    percent: int = 100


async def refund_payment(runtime: Runtime, request: RefundRequest) -> Payment:
    """Refund now as far as the provider answers; what it leaves open, a loop finishes.

    RefundExceedsCaptured, RefundNotAllowed, RefundRefused by the provider; ProviderAway when it
    cannot be asked, and then nothing was begun.
    """
    now = runtime.clock.now()
    async with runtime.database.transaction() as tx:
        payment = await _lock(tx, request.payment_id)
        check_at = now + timedelta(seconds=runtime.settings.payment_reconcile_after_seconds)
        payment, refund = await reserve_refund(tx, payment, request, now=now, check_at=check_at)
        if refund is None or refund.status is RefundStatus.SUCCEEDED:
            return payment
        await runtime.one(Providers).get(payment.provider).check(ProviderCall.REFUND)
    if refund.status is RefundStatus.PENDING:
        refund = await send_refund(runtime, payment, refund)
    if refund.status is RefundStatus.FAILED:
        raise RefundRefused
    async with runtime.database.latest() as reader:
        return await repository.find_payment(reader, payment.id) or payment


async def reserve_refund(
    tx: Tx, payment: Payment, request: RefundRequest, *, now: datetime, check_at: datetime
) -> tuple[Payment, Refund | None]:
    """Set the amount aside on a locked payment, in a pending refund to be sent.

    No refund where there is no money to send: then the tickets went back at once.
    """
    known = await repository_refunds.find_by_key(tx, payment.id, request.request_key)
    if known is not None:
        return payment, known
    reserved_minor = await repository_refunds.sum_pending_minor(tx, payment.id)
    left_minor = allowance_minor(payment, 100, reserved_minor)
    allowed_minor = allowance_minor(payment, request.percent, reserved_minor)
    amount_minor = allowed_minor if request.amount_minor is None else request.amount_minor
    if payment.status not in PAID or amount_minor > left_minor:
        raise RefundExceedsCaptured
    if amount_minor > allowed_minor:
        raise RefundNotAllowed
    if amount_minor == 0:
        if payment.amount_minor > 0:
            raise RefundNotAllowed if left_minor > 0 else RefundExceedsCaptured
        return await release(tx, payment, now), None
    refund = Refund(
        id=new_id(),
        payment_id=payment.id,
        amount_minor=amount_minor,
        reason=request.reason,
        status=RefundStatus.PENDING,
        requested_by=request.requested_by,
        # Whoever takes all that they may ever get has given the tickets back.
        releases=amount_minor == allowed_minor,
        created_at=now,
        settled_at=None,
    )
    await repository_refunds.insert_refund(
        tx, refund, request_key=request.request_key, check_at=check_at
    )
    return payment, refund


async def send_refund(runtime: Runtime, payment: Payment, refund: Refund) -> Refund:
    """Ask the provider and count what it did; still pending where nobody knows."""
    gateway = runtime.one(Providers).get(payment.provider)
    charge = charge_of(payment)
    try:
        provider_refund_id = await gateway.ask(
            ProviderCall.REFUND,
            lambda: gateway.provider.refund(charge, refund.id, refund.amount_minor),
        )
    except (AnswerLost, ProviderAway):
        return refund
    if provider_refund_id is None and refund.is_automatic:
        log.error("refund_refused", payment_id=str(payment.id), refund_id=str(refund.id))
        return refund
    async with runtime.database.transaction() as tx:
        return await _settle_refund(tx, refund, provider_refund_id, runtime.clock.now())


async def finish_refunds(runtime: Runtime, payment: Payment) -> Payment:
    """Send all that is owed back for a payment; the payment after that."""
    async with runtime.database.latest() as reader:
        pending = await repository_refunds.list_pending(reader, payment.id)
    for refund in pending:
        await send_refund(runtime, payment, refund)
    async with runtime.database.latest() as reader:
        return await repository.find_payment(reader, payment.id) or payment


async def release(tx: Tx, payment: Payment, now: datetime, amount_minor: int = 0) -> Payment:
    """The tickets of a locked payment go back, with so much of the money."""
    payment = await repository.give_back(tx, payment.id, amount_minor, releases=True, now=now)
    reservation = await reservations.get_reservation(tx, payment.reservation_id)
    is_whole = payment.status is PaymentStatus.REFUNDED
    # One that its buyer cancelled for part of the price stays cancelled.
    if is_whole or reservation.status is ReservationStatus.CONFIRMED:
        await reservations.mark_refunded(tx, payment.reservation_id, now)
    return payment


def charge_of(payment: Payment) -> Charge:
    """The payment as its provider is told of it."""
    return Charge(
        payment_id=payment.id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        return_url=payment.return_url,
        provider_payment_id=payment.provider_payment_id,
    )


async def _settle_refund(
    tx: Tx, refund: Refund, provider_refund_id: str | None, now: datetime
) -> Refund:
    payment = await _lock(tx, refund.payment_id)
    done = provider_refund_id is not None
    status = RefundStatus.SUCCEEDED if done else RefundStatus.FAILED
    settled = await repository_refunds.settle_refund(tx, refund.id, status, provider_refund_id, now)
    if settled is None:
        return await repository_refunds.get_refund(tx, refund.id)
    if done:
        await tell_refunded(tx, payment, refund.amount_minor)
    if done and refund.releases:
        await release(tx, payment, now, refund.amount_minor)
    elif done:
        await repository.give_back(tx, payment.id, refund.amount_minor, releases=False, now=now)
    return settled


async def _lock(tx: Tx, payment_id: UUID) -> Payment:
    payment = await repository.lock_payment(tx, payment_id)
    if payment is None:
        raise NotFound
    return payment
