"""What was left in doubt: the provider is asked, again and again, until it has said its last word.

A round leases a bounded batch, so that any number of processes may reconcile at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import structlog

from tiketi.infra.runtime import Runtime
from tiketi.payments import repository, repository_confirming, repository_due, repository_refunds
from tiketi.payments.domain import Payment, Refund
from tiketi.payments.errors import AnswerLost, ProviderAway
from tiketi.payments.providers.directory import Providers
from tiketi.payments.providers.gateway import ProviderCall
from tiketi.payments.providers.protocol import FINAL, ChargeState, ChargeStatus
from tiketi.payments.refunding import charge_of, send_refund
from tiketi.payments.settlements import Settlements
from tiketi.payments.settling import PROVIDER_TIMEOUT, settle_failure
from tiketi.payments.starting import abandoned_at

log = structlog.get_logger(__name__)

T = TypeVar("T")

BATCH_MAX = 20
BACKOFF_SECONDS_MAX = 60.0


async def reconcile_payments(runtime: Runtime) -> bool:
    """Ask about a batch of payments in doubt; whether more may be due."""
    async with runtime.database.transaction() as tx:
        due = await repository_due.lease_due(
            tx,
            now=runtime.clock.now(),
            after_seconds=runtime.settings.payment_reconcile_after_seconds,
            backoff_max_seconds=BACKOFF_SECONDS_MAX,
            most=BATCH_MAX,
        )
    await _each(due, lambda payment: _reconcile(runtime, payment))
    return len(due) == BATCH_MAX


async def send_due_refunds(runtime: Runtime) -> bool:
    """Send a batch of refunds that are due; whether more may be."""
    async with runtime.database.transaction() as tx:
        due = await repository_refunds.lease_due_refunds(
            tx,
            now=runtime.clock.now(),
            after_seconds=runtime.settings.payment_reconcile_after_seconds,
            backoff_max_seconds=BACKOFF_SECONDS_MAX,
            most=BATCH_MAX,
        )
    await _each(due, lambda refund: _send(runtime, refund))
    return len(due) == BATCH_MAX


async def _send(runtime: Runtime, refund: Refund) -> None:
    async with runtime.database.latest() as reader:
        payment = await repository.find_payment(reader, refund.payment_id)
    if payment is not None:
        await send_refund(runtime, payment, refund)


async def _reconcile(runtime: Runtime, payment: Payment) -> None:
    gateway = runtime.one(Providers).get(payment.provider)
    charge, provider = charge_of(payment), gateway.provider
    state = await gateway.ask(ProviderCall.FETCH, lambda: provider.fetch(charge))
    if state.status in FINAL:
        await runtime.one(Settlements).settle(payment.id, state)
    elif _is_over(payment, state, runtime):
        # Only what can no longer be captured may be called failed.
        state = await gateway.ask(ProviderCall.CANCEL, lambda: provider.cancel(charge))
        await _end(runtime, payment, state)
    elif not payment.is_in_doubt and state.status is not ChargeStatus.PROCESSING:
        async with runtime.database.transaction() as tx:
            await repository_due.put_off(tx, payment.id, abandoned_at(payment))
    elif payment.is_in_doubt and state.client != payment.client:
        await _show(runtime, payment, state)


def _is_over(payment: Payment, state: ChargeState, runtime: Runtime) -> bool:
    """Whether to stop waiting: the confirmation never arrived, or the buyer never came back."""
    if state.status is ChargeStatus.PROCESSING:
        return False
    is_lost = payment.is_in_doubt and state.status is ChargeStatus.CREATED
    return is_lost or runtime.clock.now() >= abandoned_at(payment)


async def _end(runtime: Runtime, payment: Payment, state: ChargeState) -> None:
    was_redirected = "redirect_url" in payment.client
    if state.status is not ChargeStatus.CANCELLED or was_redirected or not payment.is_in_doubt:
        await runtime.one(Settlements).settle(payment.id, state)
        return
    async with runtime.database.transaction() as tx:
        await settle_failure(tx, payment.id, PROVIDER_TIMEOUT, runtime.clock.now())


async def _show(runtime: Runtime, payment: Payment, state: ChargeState) -> None:
    """The answer that was lost asked something of the buyer: let them see it."""
    now = runtime.clock.now()
    check_at = now + timedelta(seconds=runtime.settings.payment_reconcile_after_seconds)
    async with runtime.database.transaction() as tx:
        await repository_confirming.leave_in_doubt(
            tx,
            payment.id,
            check_at=check_at,
            now=now,
            provider_payment_id=state.provider_payment_id,
            client=state.client,
        )


async def _each(due: Sequence[T], work: Callable[[T], Awaitable[None]]) -> None:
    """All of them at once, bounded by the batch; one that fails is due again later."""
    results = await asyncio.gather(*(work(one) for one in due), return_exceptions=True)
    for result in results:
        if isinstance(result, AnswerLost | ProviderAway):
            log.info("provider_not_answering", reason=result.code)
        elif isinstance(result, BaseException):
            log.error("reconcile_failed", exc_info=result)
