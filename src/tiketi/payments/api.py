"""Payments' door for other modules."""

from collections.abc import Sequence
from uuid import UUID

from tiketi.infra.postgres import Reader
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor
from tiketi.kernel.errors import NotFound
from tiketi.payments import access, repository
from tiketi.payments.domain import Payment, PaymentStatus, Refund, RefundStatus
from tiketi.payments.errors import ProviderAway, RefundExceedsCaptured, RefundRefused
from tiketi.payments.invariants import INVARIANTS
from tiketi.payments.providers.directory import Providers
from tiketi.payments.refunding import RefundRequest, refund_payment
from tiketi.payments.repository import list_payments
from tiketi.payments.repository_refunds import list_refunds

# Payments of the reservations of one page: a few tries each.
_FOUND_MAX = 1_000

__all__ = [
    "INVARIANTS",
    "Payment",
    "PaymentStatus",
    "ProviderAway",
    "Refund",
    "RefundExceedsCaptured",
    "RefundRefused",
    "RefundRequest",
    "RefundStatus",
    "find_for_reservations",
    "list_payments",
    "list_refunds",
    "open_providers",
    "refund_payment",
    "refund_reservation",
]


async def refund_reservation(
    runtime: Runtime,
    reservation_id: UUID,
    actor: Actor,
    amount_minor: int | None,
    reason: str | None,
    *,
    request_key: str,
) -> Payment:
    """Refund what a reservation was paid by, as the actor may: all that is left when no amount.

    Asking again with the same ``request_key`` (the Idempotency-Key) is the same refund. NotFound
    for a reservation that nothing was paid for or that the actor may not see; RefundNotAllowed,
    RefundExceedsCaptured, RefundRefused, ProviderAway.
    """
    async with runtime.database.latest() as reader:
        paid = await repository.find_paid(reader, reservation_id)
        if paid is None:
            raise NotFound
        payment = await access.get_visible(reader, paid.id, actor)
        percent = await access.get_refundable_percent(reader, payment, actor, runtime.clock.now())
    request = RefundRequest(
        payment_id=payment.id,
        amount_minor=amount_minor,
        reason=reason,
        requested_by=actor.user_id,
        request_key=f"{actor.user_id}:{request_key}",
        percent=percent,
    )
    return await refund_payment(runtime, request)


def open_providers(runtime: Runtime) -> None:
    """Set up the providers that the settings name; ValueError where something is missing."""
    runtime.one(Providers)


async def find_for_reservations(
    reader: Reader, reservation_ids: Sequence[UUID]
) -> dict[UUID, list[Payment]]:
    """Every payment of those reservations, oldest first, by reservation."""
    found: dict[UUID, list[Payment]] = {}
    for payment in await repository.list_of_reservations(reader, reservation_ids, _FOUND_MAX):
        found.setdefault(payment.reservation_id, []).append(payment)
    return found
