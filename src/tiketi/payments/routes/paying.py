"""A buyer's own calls: start, confirm, look, give back."""

from typing import Any

from tiketi.infra.http.call import Answer, Call
from tiketi.infra.http.routes import Routes
from tiketi.infra.idempotency import Remember, once, once_by_key
from tiketi.infra.idempotency_store import Key
from tiketi.infra.postgres import Reader
from tiketi.kernel.errors import NotFound
from tiketi.payments import (
    access,
    confirming,
    repository_refunds,
    repository_starting,
    starting,
)
from tiketi.payments.domain import Payment, PaymentStatus
from tiketi.payments.errors import (
    PaymentFinal,
    ProviderAway,
    RefundExceedsCaptured,
    RefundRefused,
)
from tiketi.payments.refunding import RefundRequest, refund_payment
from tiketi.payments.schemas import (
    ConfirmPaymentBody,
    PaymentView,
    RefundPaymentBody,
    StartPaymentBody,
)
from tiketi.payments.starting import Start
from tiketi.payments.starts import CREATED, Starts
from tiketi.queue import api as queue
from tiketi.reservations.api import (
    RefundNotAllowed,
    ReservationCancelled,
    ReservationConfirmed,
    ReservationExpired,
)

REFUNDS_SHOWN_MAX = 100
routes = Routes("payments")


async def _get_own(call: Call[Any, Any]) -> Payment:
    return await access.get_own(call.runtime, call.path_id("payment_id"), call.actor.user_id)


def _render(payment: Payment) -> bytes:
    return PaymentView.of(payment, []).model_dump_json().encode()


async def _is_visible(call: Call[Any, Any]) -> None:
    async with call.runtime.database.latest() as reader:
        await access.get_visible(reader, call.path_id("payment_id"), call.actor)


@routes.post(
    "",
    status=201,
    body=StartPaymentBody,
    answer=PaymentView,
    idempotent=True,
    errors=(
        NotFound,
        ReservationExpired,
        ReservationCancelled,
        ReservationConfirmed,
        ProviderAway,
    ),
)
async def start_payment(call: Call[StartPaymentBody, None]) -> Answer:
    """Start to pay a reservation; while a payment of it lives, that one is answered again."""
    runtime, body = call.runtime, call.body
    start = Start(body.reservation_id, call.actor.user_id, body.provider, body.return_url)

    async def plan() -> None:
        async with runtime.database.latest() as reader:
            await starting.plan_payment(reader, runtime, start)

    async def decide(key: Key) -> bytes:
        started = await runtime.one(Starts).start(start, key, _render)
        if started.answer is not None:
            return started.answer
        state = await starting.introduce(runtime, started.payment)
        ttl_seconds = runtime.settings.idempotency_ttl_seconds
        async with runtime.database.transaction() as tx:
            payment = await repository_starting.know_charge(
                tx, started.payment.id, state.provider_payment_id, state.client, call.now
            )
            remember = Remember(key, CREATED, ttl_seconds)
            return (await remember(tx, PaymentView.of(payment, []))).content

    return await once_by_key(call, plan, decide, status=CREATED)


@routes.get("/{payment_id}", answer=PaymentView)
async def get_payment(call: Call[None, None]) -> PaymentView:
    """A payment of one's own, or of an event that one runs."""
    async with call.runtime.database.latest() as reader:
        payment = await access.get_visible(reader, call.path_id("payment_id"), call.actor)
        return await _show(reader, payment)


@routes.post(
    "/{payment_id}/confirm",
    body=ConfirmPaymentBody,
    answer=PaymentView,
    guard=_get_own,
    errors=(PaymentFinal, ProviderAway),
)
async def confirm_payment(call: Call[ConfirmPaymentBody, None]) -> PaymentView:
    """Take the money by what the provider's page returned.

    Answers `succeeded`, `failed` with a `failure_code`, or `processing` where the provider needs
    longer or the buyer has to go to `client.redirect_url`. Too late for the places, it answers
    `refunded`.
    """
    with queue.measure_payments(call.runtime):
        payment = await confirming.confirm_payment(call.runtime, call.found, call.body.details())
    if payment.status is PaymentStatus.SUCCEEDED:
        return PaymentView.of(payment, [])
    async with call.runtime.database.latest() as reader:
        return await _show(reader, payment)


@routes.post(
    "/{payment_id}/refund",
    body=RefundPaymentBody,
    answer=PaymentView,
    guard=_is_visible,
    idempotent=True,
    errors=(RefundExceedsCaptured, RefundNotAllowed, RefundRefused, ProviderAway),
)
async def refund(call: Call[RefundPaymentBody, None]) -> Answer:
    """Send money back: the owner as the event's policy allows, who runs the event any time.

    All of it voids the tickets and returns the places; a part leaves them.
    """
    runtime, body, actor = call.runtime, call.body, call.actor

    async def plan() -> Payment:
        async with runtime.database.latest() as reader:
            return await access.get_visible(reader, call.path_id("payment_id"), actor)

    async def decide(payment: Payment, remember: Remember) -> Answer:
        async with runtime.database.latest() as reader:
            percent = await access.get_refundable_percent(reader, payment, actor, call.now)
        request = RefundRequest(
            payment_id=payment.id,
            amount_minor=body.amount,
            reason=body.reason,
            requested_by=actor.user_id,
            request_key=f"{actor.user_id}:{call.request.headers['idempotency-key']}",
            percent=percent,
        )
        payment = await refund_payment(runtime, request)
        async with runtime.database.transaction() as tx:
            return await remember(tx, await _show(tx, payment))

    return await once(call, plan, decide, status=200)


async def _show(reader: Reader, payment: Payment) -> PaymentView:
    """Refunds are looked up only where there can be any."""
    if payment.settled_at is None:
        return PaymentView.of(payment, [])
    refunds = await repository_refunds.list_refunds(reader, [payment.id], REFUNDS_SHOWN_MAX)
    return PaymentView.of(payment, refunds)
