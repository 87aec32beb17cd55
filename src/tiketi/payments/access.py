"""Who may see a payment, and how much of it they may send back."""

from datetime import datetime
from uuid import UUID

from tiketi.events import api as events
from tiketi.infra.lookups import Lookups
from tiketi.infra.postgres import Reader
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.errors import NotFound
from tiketi.payments import repository
from tiketi.payments.domain import Payment
from tiketi.reservations.api import RefundNotAllowed
from tiketi.tickets import api as tickets
from tiketi.tickets.api import TicketStatus


async def get_payment(runtime: Runtime, payment_id: UUID) -> Payment:
    """Anybody's payment, read with others that are asked for at this moment; NotFound."""
    payment = await runtime.one(_payments).find(payment_id)
    if payment is None:
        raise NotFound
    return payment


async def get_own(runtime: Runtime, payment_id: UUID, user_id: UUID) -> Payment:
    """One's own payment; NotFound for any other."""
    payment = await get_payment(runtime, payment_id)
    if payment.user_id != user_id:
        raise NotFound
    return payment


def _payments(runtime: Runtime) -> Lookups[UUID, Payment]:
    return Lookups("payments", runtime.database, repository.find_payments)


async def get_visible(reader: Reader, payment_id: UUID, actor: Actor) -> Payment:
    """One's own payment, or one that the actor runs; NotFound for any other."""
    payment = await repository.find_payment(reader, payment_id)
    if payment is None:
        raise NotFound
    if payment.user_id != actor.user_id and not await _runs(reader, payment, actor):
        raise NotFound
    return payment


async def get_refundable_percent(
    reader: Reader, payment: Payment, actor: Actor, now: datetime
) -> int:
    """How much of a visible payment the actor may send back in all.

    Everything for who runs the event; for the owner what its policy gives until its last moment,
    and nothing once a ticket was used: RefundNotAllowed.
    """
    if await _runs(reader, payment, actor):
        return 100
    event = await events.get_event(reader, payment.event_id)
    policy = event.refund_policy
    issued = await tickets.list_tickets(reader, payment.reservation_id)
    is_used = any(ticket.status is TicketStatus.USED for ticket in issued)
    if is_used or policy.percent == 0 or now > policy.last_moment(event.starts_at):
        raise RefundNotAllowed
    return policy.percent


async def _runs(reader: Reader, payment: Payment, actor: Actor) -> bool:
    """Whether the actor is an admin, or the organizer of the payment's event."""
    if actor.role is Role.ORGANIZER:
        event = await events.get_event(reader, payment.event_id)
        return event.organizer_id == actor.user_id
    return actor.role is Role.ADMIN
