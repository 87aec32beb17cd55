"""Use cases in which a reservation ends: cancelled, expired, refunded."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tiketi.events import api as events
from tiketi.infra import outbox
from tiketi.infra.postgres import Tx
from tiketi.kernel.errors import NotFound
from tiketi.reservations import quota, repository
from tiketi.reservations.codes_repository import list_code_ids
from tiketi.reservations.domain import Reservation, ReservationStatus
from tiketi.reservations.errors import RefundNotAllowed, ReservationExpired
from tiketi.seats import api as seats
from tiketi.tickets import api as tickets

REFUND_DUE = "reservation.refund_due"


async def cancel_reservation(
    tx: Tx, reservation_id: UUID, user_id: UUID, now: datetime
) -> Reservation:
    """Cancel one's own. A pending one frees its places; a paid one is also refunded, as far as
    the event's policy allows (RefundNotAllowed). Cancelling again changes nothing.
    """
    reservation = await repository.lock(tx, reservation_id)
    if reservation is None or reservation.user_id != user_id:
        raise NotFound
    match reservation.status:
        case ReservationStatus.EXPIRED:
            raise ReservationExpired
        case ReservationStatus.CANCELLED | ReservationStatus.REFUNDED:
            return reservation
        case ReservationStatus.PENDING if reservation.expires_at <= now:
            raise ReservationExpired
        case ReservationStatus.CONFIRMED:
            await _ask_for_refund(tx, reservation, now)
    await _end(tx, [reservation.id], ReservationStatus.CANCELLED, now)
    cancelled = await repository.find(tx, reservation_id)
    if cancelled is None:
        raise AssertionError("a locked row does not vanish")
    return cancelled


async def expire_due(tx: Tx, now: datetime, limit: int) -> int:
    """End a batch of holds whose time is over; how many. Any number of sweepers may run."""
    expired = await repository.lock_expired(tx, now, limit)
    if expired:
        await _end(tx, expired, ReservationStatus.EXPIRED, now)
    return len(expired)


async def release_cancelled_events(tx: Tx, now: datetime, limit: int) -> int:
    """End a batch of holds on events that were cancelled; how many."""
    pending = await repository.lock_pending_of_cancelled(tx, limit)
    if pending:
        await _end(tx, pending, ReservationStatus.CANCELLED, now)
    return len(pending)


async def mark_refunded(tx: Tx, reservation_id: UUID, now: datetime) -> None:
    """All of the money went back: the tickets are void, the places available, the end final."""
    reservation = await repository.lock(tx, reservation_id)
    if reservation is None or reservation.status is ReservationStatus.REFUNDED:
        return
    if reservation.status is ReservationStatus.CONFIRMED:
        await _end(tx, [reservation_id], ReservationStatus.REFUNDED, now)
    else:
        await repository.set_status(
            tx,
            [reservation_id],
            ReservationStatus.REFUNDED,
            expected=[ReservationStatus.CANCELLED, ReservationStatus.EXPIRED],
            now=now,
        )


async def _ask_for_refund(tx: Tx, reservation: Reservation, now: datetime) -> None:
    event = await events.get_event(tx, reservation.event_id)
    policy = event.refund_policy
    issued = await tickets.list_tickets(tx, reservation.id)
    is_used = any(ticket.status is tickets.TicketStatus.USED for ticket in issued)
    if is_used or policy.percent == 0 or now > policy.last_moment(event.starts_at):
        raise RefundNotAllowed
    await outbox.publish(
        tx,
        REFUND_DUE,
        {
            "reservation_id": reservation.id,
            "percent": policy.percent,
            "reason": "cancelled_by_buyer",
        },
    )


async def _end(tx: Tx, ids: Sequence[UUID], status: ReservationStatus, now: datetime) -> None:
    """The rows are locked by the caller. Order of locks: reservation, quota, codes, seats,
    buckets.
    """
    live = [ReservationStatus.PENDING, ReservationStatus.CONFIRMED]
    moved = await repository.set_status(tx, ids, status, expected=live, now=now)
    await quota.give_back_places(tx, moved)
    await events.give_back_uses(tx, await list_code_ids(tx, moved))
    await seats.release_places(tx, await repository.list_holdings(tx, moved))
    if status is not ReservationStatus.EXPIRED:
        for reservation_id in moved:
            await tickets.void_tickets(tx, reservation_id)
