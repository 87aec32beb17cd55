"""Refunds that nobody asks for by a request: cancelled reservations and cancelled events."""

from uuid import UUID

from tiketi.infra.outbox import Message
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.payments import repository, repository_due, repository_refunds
from tiketi.payments.domain import PAID, Payment
from tiketi.payments.errors import RefundExceedsCaptured
from tiketi.payments.refunding import RefundRequest, release, reserve_refund
from tiketi.payments.telling import tell_event_cancelled
from tiketi.reservations.api import RefundNotAllowed

EVENT_CANCELLED = "event_cancelled"
# Payments of cancelled events whose refund is begun in one round.
BATCH_MAX = 50


async def owe_for_reservation(tx: Tx, runtime: Runtime, message: Message) -> None:
    """A buyer cancelled what was paid: ``{reservation_id, percent, reason}``."""
    news = message.payload
    payment = await repository.find_paid(tx, UUID(news["reservation_id"]))
    if payment is None:
        return
    request = RefundRequest(
        payment_id=payment.id,
        amount_minor=None,
        reason=news["reason"],
        requested_by=None,
        request_key=f"outbox:{message.id}",
        percent=news["percent"],
    )
    await _owe(tx, runtime, request)


async def owe_for_cancelled_events(runtime: Runtime) -> bool:
    """Begin the refunds of what was paid for cancelled events; whether more may be due.

    It goes by the state alone, so that a payment that succeeds while its event is being cancelled
    is found as well.
    """
    async with runtime.database.latest() as reader:
        owed = await repository_due.list_owed_by_cancelled_events(reader, BATCH_MAX)
    for payment_id in owed:
        request = RefundRequest(payment_id, None, EVENT_CANCELLED, None, EVENT_CANCELLED)
        async with runtime.database.transaction() as tx:
            payment = await _owe(tx, runtime, request)
            if payment is not None:
                await tell_event_cancelled(tx, payment)
    return len(owed) == BATCH_MAX


async def _owe(tx: Tx, runtime: Runtime, request: RefundRequest) -> Payment | None:
    """Begin the refund of what is not given back yet; the payment if there is something new."""
    now = runtime.clock.now()
    payment = await repository.lock_payment(tx, request.payment_id)
    if payment is None or payment.status not in PAID or payment.released_at is not None:
        return None
    if await repository_refunds.find_by_key(tx, payment.id, request.request_key) is not None:
        return None
    try:
        await reserve_refund(tx, payment, request, now=now, check_at=now)
    except (RefundExceedsCaptured, RefundNotAllowed):
        # Refunds before this one took all that it could give: only the tickets are left.
        await release(tx, payment, now)
    return payment
