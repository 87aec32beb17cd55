"""Use cases around the payment of a reservation: may it be paid, hold it longer, confirm it."""

from datetime import datetime, timedelta
from uuid import UUID

from tiketi.auth import api as auth
from tiketi.events import api as events
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound
from tiketi.kernel.money import Money
from tiketi.notifications import api as notifications
from tiketi.queue import api as queue
from tiketi.reservations import quota, repository
from tiketi.reservations.domain import ConfirmOutcome, Reservation, ReservationStatus
from tiketi.reservations.errors import (
    LimitExceeded,
    ReservationCancelled,
    ReservationConfirmed,
    ReservationExpired,
)
from tiketi.seats import api as seats
from tiketi.seats.api import SeatMaps
from tiketi.tickets import api as tickets


async def require_payable(
    tx: Tx, reservation_id: UUID, user_id: UUID, now: datetime
) -> Reservation:
    """One's own pending reservation, its row locked; NotFound, or the conflict that it is in."""
    reservation = await repository.lock(tx, reservation_id)
    if reservation is None or reservation.user_id != user_id:
        raise NotFound
    match reservation.status:
        case ReservationStatus.CONFIRMED:
            raise ReservationConfirmed
        case ReservationStatus.CANCELLED | ReservationStatus.REFUNDED:
            raise ReservationCancelled
        case ReservationStatus.EXPIRED:
            raise ReservationExpired
    if reservation.expires_at <= now:
        raise ReservationExpired
    return reservation


async def extend_hold(
    tx: Tx, reservation: Reservation, now: datetime, extension_seconds: int
) -> datetime:
    """Give a payment its time: until ``now`` + the extension, once; when the hold ends then."""
    until = now + timedelta(seconds=extension_seconds)
    return await repository.extend(tx, reservation.id, until) or reservation.expires_at


async def confirm_reservation(
    tx: Tx, runtime: Runtime, reservation_id: UUID, now: datetime
) -> ConfirmOutcome:
    """A payment succeeded. The places become sold and the tickets exist, in this transaction.

    An expired reservation takes the same places again if they are free and its owner may have
    them; else, or when it or its event was cancelled, it is LOST and the caller refunds.
    """
    reservation = await repository.lock(tx, reservation_id)
    if reservation is None:
        raise NotFound
    if reservation.status is ReservationStatus.CONFIRMED:
        return ConfirmOutcome.ALREADY
    event = await events.get_event(tx, reservation.event_id)
    if event.cancelled_at is not None:
        return ConfirmOutcome.LOST
    if reservation.status is ReservationStatus.EXPIRED:
        if not await _retake(tx, runtime, reservation, event):
            return ConfirmOutcome.LOST
    elif reservation.status is not ReservationStatus.PENDING:
        return ConfirmOutcome.LOST
    await seats.sell_places(tx, [reservation.holding])
    await repository.set_status(
        tx,
        [reservation.id],
        ReservationStatus.CONFIRMED,
        expected=[ReservationStatus.PENDING, ReservationStatus.EXPIRED],
        now=now,
    )
    await _issue(tx, reservation)
    await _tell(tx, runtime, reservation, event)
    tx.after_commit(lambda: queue.spend_pass(runtime, reservation.event_id, reservation.user_id))
    return ConfirmOutcome.CONFIRMED


async def _retake(tx: Tx, runtime: Runtime, reservation: Reservation, event: events.Event) -> bool:
    seat_map = await runtime.one(SeatMaps).get(event.id) if reservation.seat_indexes else None
    try:
        async with tx.savepoint():
            await quota.take_places(
                tx, event.id, reservation.user_id, reservation.places, event.limits.seats_per_user
            )
            await seats.claim_places(
                tx,
                seat_map=seat_map,
                event_id=event.id,
                reservation_id=reservation.id,
                indexes=reservation.seat_indexes,
                general=reservation.general,
            )
    except (seats.SeatTaken, seats.SoldOut, LimitExceeded):
        return False
    return True


async def _issue(tx: Tx, reservation: Reservation) -> None:
    await tickets.issue_tickets(
        tx,
        reservation_id=reservation.id,
        event_id=reservation.event_id,
        user_id=reservation.user_id,
        orders=[
            tickets.TicketOrder(position, item.tier_id, item.seat_id, item.quantity)
            for position, item in enumerate(reservation.items)
        ],
    )


async def _tell(tx: Tx, runtime: Runtime, reservation: Reservation, event: events.Event) -> None:
    account = (await auth.find_accounts(tx, [reservation.user_id])).get(reservation.user_id)
    if account is None:
        return
    letter = notifications.reservation_confirmed(
        number=reservation.number,
        event_title=event.title,
        venue_name=event.venue.name,
        starts_at=event.starts_at,
        timezone=event.venue.timezone,
        amount=Money(reservation.amount_minor, reservation.currency),
        link=f"{runtime.settings.public_url}/reservations/{reservation.id}",
    )
    await notifications.enqueue_mail(
        tx, to=account.email, subject=letter.subject, body_text=letter.body_text
    )
