"""Confirming a payment: one request asks the provider, whoever else asks gets the same answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tiketi.infra.postgres import Reader
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Invalid, NotFound
from tiketi.payments import repository, repository_confirming
from tiketi.payments.access import get_payment
from tiketi.payments.claims import Claims, NothingToPay, is_payable, lease
from tiketi.payments.domain import UNPAID_ENDS, Payment, PaymentStatus
from tiketi.payments.errors import AnswerLost, PaymentFinal, ProviderAway
from tiketi.payments.methods import METHOD_LIMIT, Method, digest_method, find_limit
from tiketi.payments.providers.directory import Providers
from tiketi.payments.providers.gateway import ProviderCall
from tiketi.payments.providers.protocol import FINAL, ChargeState, ChargeStatus
from tiketi.payments.refunding import charge_of
from tiketi.payments.repository_methods import count_places, note_method
from tiketi.payments.settlements import Settlements
from tiketi.payments.starting import abandoned_at
from tiketi.reservations import api as reservations

POLL_SECONDS_MIN = 0.02
POLL_SECONDS_MAX = 0.25

Details = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Claim:
    payment: Payment
    is_mine: bool
    is_refused: bool = False


async def confirm_payment(runtime: Runtime, payment: Payment, details: Details) -> Payment:
    """The payment, as it was found, after its provider was asked: settled, or processing where that
    takes longer.

    Confirming a settled payment again changes nothing. PaymentFinal for one that is over unpaid,
    Invalid for details no charge can be made from, ProviderAway when nothing was begun.
    """
    claim = await _claim(runtime, payment, details)
    payment = claim.payment
    if claim.is_mine:
        return await _charge(runtime, payment, details)
    if claim.is_refused:
        return payment
    if payment.status in UNPAID_ENDS:
        raise PaymentFinal
    if payment.is_being_confirmed(runtime.clock.now()):
        return await _await_answer(runtime, payment.id)
    if payment.is_in_doubt:
        return await _look_again(runtime, payment)
    return payment


async def _claim(runtime: Runtime, payment: Payment, details: Details) -> _Claim:
    """Who may ask the provider: decided by one conditional write, which leaves no lock behind."""
    is_waiting = payment.status is PaymentStatus.REQUIRES_ACTION
    gateway = runtime.one(Providers).find(payment.provider)
    if gateway is not None and (details or is_waiting):
        gateway.provider.check_details(charge_of(payment), details)
    if not is_waiting:
        return _Claim(payment, is_mine=False)
    try:
        return await _claim_open(runtime, payment, details)
    except NothingToPay:
        now = runtime.clock.now()
        async with runtime.database.transaction() as tx:
            over = await repository.settle_unpaid(
                tx, payment.id, PaymentStatus.CANCELLED, None, now
            )
            return _Claim(over or await _read(tx, payment.id), is_mine=False)


async def _claim_open(runtime: Runtime, payment: Payment, details: Details) -> _Claim:
    limit = await find_limit(runtime, payment)
    if limit is not None:
        reservation = await reservations.look_up(runtime, payment.reservation_id)
        if not is_payable(reservation.status):
            raise NothingToPay
        digest = await digest_method(runtime, payment, details)
        if digest is not None:
            return await _claim_within(runtime, payment, Method(digest, reservation.places, limit))
    await runtime.one(Providers).get(payment.provider).check(ProviderCall.CONFIRM)
    claimed = await runtime.one(Claims).take(payment)
    return _Claim(claimed or await get_payment(runtime, payment.id), is_mine=claimed is not None)


async def _claim_within(runtime: Runtime, payment: Payment, method: Method) -> _Claim:
    """The same, if the means of payment may pay for so many places more; else it ends here."""
    await runtime.one(Providers).get(payment.provider).check(ProviderCall.CONFIRM)
    now = runtime.clock.now()
    async with runtime.database.transaction() as tx:
        used = await count_places(tx, payment, method.digest)
        if used + method.places > method.limit:
            over = await repository.settle_unpaid(
                tx, payment.id, PaymentStatus.FAILED, METHOD_LIMIT, now
            )
            return _Claim(over or await _read(tx, payment.id), False, is_refused=over is not None)
        claimed = await repository_confirming.claim(
            tx, [payment.id], confirming_until=now + lease(runtime), now=now
        )
        if not claimed:
            return _Claim(await _read(tx, payment.id), is_mine=False)
        await note_method(tx, payment.id, method.digest, method.places)
        return _Claim(claimed[payment.id], is_mine=True)


async def _read(reader: Reader, payment_id: UUID) -> Payment:
    payment = await repository.find_payment(reader, payment_id)
    if payment is None:
        raise NotFound
    return payment


async def _charge(runtime: Runtime, payment: Payment, details: Details) -> Payment:
    gateway = runtime.one(Providers).get(payment.provider)
    charge = charge_of(payment)
    try:
        state = await gateway.ask(
            ProviderCall.CONFIRM, lambda: gateway.provider.confirm(charge, details)
        )
    except (ProviderAway, Invalid):
        await _unclaim(runtime, payment)
        raise
    except AnswerLost:
        return await _leave_in_doubt(runtime, payment, None)
    if state.status is ChargeStatus.CREATED:
        return await _unclaim(runtime, payment)
    if state.status in FINAL:
        return await runtime.one(Settlements).settle(payment.id, state)
    return await _leave_in_doubt(runtime, payment, state)


async def _unclaim(runtime: Runtime, payment: Payment) -> Payment:
    """Nothing was begun: the payment waits for its buyer as it did before."""
    async with runtime.database.transaction() as tx:
        await repository_confirming.unclaim(
            tx, payment, check_at=abandoned_at(payment), now=runtime.clock.now()
        )
        return await _read(tx, payment.id)


async def _leave_in_doubt(runtime: Runtime, payment: Payment, state: ChargeState | None) -> Payment:
    now = runtime.clock.now()
    check_at = now + timedelta(seconds=runtime.settings.payment_reconcile_after_seconds)
    async with runtime.database.transaction() as tx:
        left = await repository_confirming.leave_in_doubt(
            tx,
            payment.id,
            check_at=check_at,
            now=now,
            provider_payment_id=state.provider_payment_id if state else None,
            client=state.client if state else None,
        )
        # None: a webhook was faster, and what it settled is the answer.
        return left or await _read(tx, payment.id)


async def _await_answer(runtime: Runtime, payment_id: UUID) -> Payment:
    """What another request's confirmation came to. It ends with that request's lease."""
    wait_seconds = POLL_SECONDS_MIN
    while True:
        payment = await get_payment(runtime, payment_id)
        if not payment.is_being_confirmed(runtime.clock.now()):
            return payment
        await asyncio.sleep(wait_seconds)
        wait_seconds = min(wait_seconds * 2, POLL_SECONDS_MAX)


async def _look_again(runtime: Runtime, payment: Payment) -> Payment:
    """A buyer is back from the provider's page: it may know by now."""
    gateway = runtime.one(Providers).get(payment.provider)
    charge = charge_of(payment)
    try:
        state = await gateway.ask(ProviderCall.FETCH, lambda: gateway.provider.fetch(charge))
    except (AnswerLost, ProviderAway):
        return payment
    if state.status not in FINAL:
        return payment
    return await runtime.one(Settlements).settle(payment.id, state)
