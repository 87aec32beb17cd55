"""Starting to pay: one live payment a reservation, of the server's own amount."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from tiketi.infra.postgres import Reader, Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Invalid, NotFound, TiketiError
from tiketi.kernel.ids import new_id
from tiketi.payments import repository_starting
from tiketi.payments.domain import NO_PROVIDER, Capture, Payment, PaymentStatus
from tiketi.payments.providers.directory import Providers
from tiketi.payments.providers.gateway import ProviderCall
from tiketi.payments.providers.protocol import ChargeState
from tiketi.payments.refunding import charge_of
from tiketi.payments.settling import settle_captures
from tiketi.reservations import api as reservations
from tiketi.reservations.api import Reservation

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
    _check_known(runtime, start)


async def start_payments(
    tx: Tx, runtime: Runtime, starts: Sequence[Start], now: datetime
) -> list[Payment | TiketiError]:
    """Each reservation's live payment, made if there is none, its hold extended once; or why not.

    A reservation that costs nothing is confirmed at once. Refused are NotFound, Invalid,
    ReservationExpired, ReservationCancelled, ReservationConfirmed; ProviderAway while the provider
    is left alone.
    """
    held = await reservations.lock_reservations(tx, {start.reservation_id for start in starts})
    payments = await repository_starting.find_live(tx, held)
    refusals = [
        await _find_refusal(
            runtime, start, held.get(start.reservation_id), payments.get(start.reservation_id), now
        )
        for start in starts
    ]
    new: dict[UUID, Start] = {}
    for start, refusal in zip(starts, refusals, strict=True):
        if refusal is None and start.reservation_id not in payments:
            new.setdefault(start.reservation_id, start)
    if new:
        made = await _make(tx, runtime, [(start, held[each]) for each, start in new.items()], now)
        payments |= {payment.reservation_id: payment for payment in made}
    return [
        refusal or payments[start.reservation_id]
        for start, refusal in zip(starts, refusals, strict=True)
    ]


async def _find_refusal(
    runtime: Runtime,
    start: Start,
    reservation: Reservation | None,
    live: Payment | None,
    now: datetime,
) -> TiketiError | None:
    try:
        if reservation is None or reservation.user_id != start.user_id:
            raise NotFound
        _check_known(runtime, start)
        reservations.check_payable(reservation, now)
        if live is None and reservation.amount_minor > 0:
            await _check_provider(runtime, _provider_of(runtime, start))
        if live is not None and live.provider_payment_id is None:
            await _check_provider(runtime, live.provider)
    except TiketiError as refusal:
        return refusal
    return None


async def _make(
    tx: Tx, runtime: Runtime, new: Sequence[tuple[Start, Reservation]], now: datetime
) -> list[Payment]:
    paid = [reservation for _, reservation in new if reservation.amount_minor > 0]
    extension_seconds = runtime.settings.payment_extension_seconds
    ends = await reservations.extend_holds(tx, paid, now, extension_seconds) if paid else {}
    made = [
        _begin(runtime, start, reservation, ends.get(reservation.id, reservation.expires_at), now)
        for start, reservation in new
    ]
    check_at = [abandoned_at(payment) for payment in made]
    await repository_starting.insert_payments(tx, made, check_at, now)
    free = [Capture(each.id, 0, each.currency) for each in made if each.amount_minor == 0]
    settled = await settle_captures(tx, runtime, free, now) if free else {}
    return [settled.get(payment.id, payment) for payment in made]


def _begin(
    runtime: Runtime,
    start: Start,
    reservation: Reservation,
    hold_expires_at: datetime,
    now: datetime,
) -> Payment:
    is_free = reservation.amount_minor == 0
    payment = Payment(
        id=new_id(),
        reservation_id=reservation.id,
        event_id=reservation.event_id,
        user_id=reservation.user_id,
        provider=NO_PROVIDER if is_free else _provider_of(runtime, start),
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
    return payment if is_free else _introduced(runtime, payment)


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


def _provider_of(runtime: Runtime, start: Start) -> str:
    return start.provider or runtime.one(Providers).default


def _check_known(runtime: Runtime, start: Start) -> None:
    if start.provider is not None and runtime.one(Providers).find(start.provider) is None:
        raise Invalid.at(("body", "provider"), "is not a provider that one can pay through here")


async def _check_provider(runtime: Runtime, name: str) -> None:
    await runtime.one(Providers).get(name).check(ProviderCall.CREATE)
