"""Starting to pay: one live payment a reservation, of the server's own amount."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from tiketi.infra.postgres import Reader, Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Invalid
from tiketi.kernel.ids import new_id
from tiketi.payments import repository
from tiketi.payments.domain import NO_PROVIDER, Capture, Payment, PaymentStatus
from tiketi.payments.providers.directory import Providers
from tiketi.payments.providers.gateway import ProviderCall
from tiketi.payments.providers.protocol import ChargeState
from tiketi.payments.refunding import charge_of
from tiketi.payments.settling import settle_captures
from tiketi.reservations import api as reservations

# After its hold a payment still waits so long for a buyer who is late, then it is cancelled.
ABANDONED_AFTER_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Start:
    """What a buyer asks for. ``provider`` None is the default one."""

    reservation_id: UUID
    user_id: UUID
    provider: str | None
    return_url: str | None


async def plan_payment(reader: Reader, runtime: Runtime, start: Start) -> None:
    """NotFound for a reservation that is not one's own, Invalid for an unknown provider."""
    await reservations.get_own(reader, start.reservation_id, start.user_id)
    name = start.provider
    if name is not None and runtime.one(Providers).find(name) is None:
        raise Invalid.at(("body", "provider"), "is not a provider that one can pay through here")


async def start_payment(tx: Tx, runtime: Runtime, start: Start, now: datetime) -> Payment:
    """The reservation's live payment, made if there is none; its hold is extended once.

    A reservation that costs nothing is confirmed at once. ReservationExpired,
    ReservationCancelled, ReservationConfirmed; ProviderAway while the provider is left alone.
    """
    reservation = await reservations.require_payable(tx, start.reservation_id, start.user_id, now)
    live = await repository.find_live(tx, reservation.id)
    if live is not None:
        if live.provider_payment_id is None:
            await _check_provider(runtime, live.provider)
        return live
    is_free = reservation.amount_minor == 0
    provider = NO_PROVIDER if is_free else start.provider or runtime.one(Providers).default
    hold_expires_at = reservation.expires_at
    if not is_free:
        await _check_provider(runtime, provider)
        hold_expires_at = await reservations.extend_hold(
            tx, reservation, now, runtime.settings.payment_extension_seconds
        )
    payment = Payment(
        id=new_id(),
        reservation_id=reservation.id,
        event_id=reservation.event_id,
        user_id=reservation.user_id,
        provider=provider,
        provider_payment_id=None,
        status=PaymentStatus.REQUIRES_ACTION,
        amount_minor=reservation.amount_minor,
        currency=reservation.currency,
        refunded_minor=0,
        client={},
        hold_expires_at=hold_expires_at,
        failure_code=None,
        return_url=start.return_url,
        created_at=now,
        updated_at=now,
        confirming_until=None,
        settled_at=None,
        released_at=None,
    )
    if not is_free:
        payment = _introduced(runtime, payment)
    await repository.insert_payment(tx, payment, check_at=abandoned_at(payment))
    if is_free:
        capture = Capture(payment.id, 0, payment.currency)
        settled = await settle_captures(tx, runtime, [capture], now)
        return settled.get(payment.id, payment)
    return payment


def needs_introduction(payment: Payment) -> bool:
    """Whether the provider has yet to be told of the payment."""
    return payment.provider_payment_id is None and payment.settled_at is None


async def introduce(runtime: Runtime, payment: Payment) -> ChargeState:
    """Tell the provider; ProviderAway or AnswerLost leave the payment as it was."""
    gateway = runtime.one(Providers).get(payment.provider)
    charge = charge_of(payment)
    return await gateway.ask(ProviderCall.CREATE, lambda: gateway.provider.create(charge))


def abandoned_at(payment: Payment) -> datetime:
    return payment.hold_expires_at + timedelta(seconds=ABANDONED_AFTER_SECONDS)


def _introduced(runtime: Runtime, payment: Payment) -> Payment:
    """With what its provider says of itself; as it was, where the provider must be asked."""
    provider = runtime.one(Providers).get(payment.provider).provider
    state = provider.introduce(charge_of(payment))
    if state is None:
        return payment
    return replace(payment, provider_payment_id=state.provider_payment_id, client=state.client)


async def _check_provider(runtime: Runtime, name: str) -> None:
    await runtime.one(Providers).get(name).check(ProviderCall.CREATE)
