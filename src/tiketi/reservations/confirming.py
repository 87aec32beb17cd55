"""Use cases around the payment of a reservation: may it be paid, hold it longer, confirm it."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tiketi.auth import api as auth
from tiketi.events import api as events
from tiketi.events.api import Event
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound
from tiketi.kernel.money import Money
from tiketi.notifications import api as notifications
from tiketi.queue import api as queue
from tiketi.reservations import quota, repository
from tiketi.reservations.codes_repository import list_code_ids
from tiketi.reservations.domain import ConfirmOutcome, Reservation, ReservationStatus
from tiketi.reservations.errors import (
    AccessCodeUsedUp,
    LimitExceeded,
    ReservationCancelled,
    ReservationConfirmed,
    ReservationExpired,
)
from tiketi.reservations.waiting_list.repository import find_offer
from tiketi.seats import api as seats
from tiketi.seats.api import SeatMaps
from tiketi.tickets import api as tickets


async def lock_reservations(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Reservation]:
    """Those of the ids that there are, their rows locked until the transaction ends."""
    return {locked.id: locked for locked in await repository.lock_all(tx, list(ids))}


def check_payable(reservation: Reservation, now: datetime) -> None:
    """The conflict that it is in, unless it is pending."""
    match reservation.status:
        case ReservationStatus.CONFIRMED:
            raise ReservationConfirmed
        case ReservationStatus.CANCELLED | ReservationStatus.REFUNDED:
            raise ReservationCancelled
        case ReservationStatus.EXPIRED:
            raise ReservationExpired
    if reservation.expires_at <= now:
        raise ReservationExpired


async def extend_holds(
    tx: Tx, held: Sequence[Reservation], now: datetime, extension_seconds: int
) -> dict[UUID, datetime]:
    """Give payments their time: until ``now`` + the extension, once; when each hold ends then."""
    until = now + timedelta(seconds=extension_seconds)
    extended = await repository.extend(tx, [each.id for each in held], until)
    return {each.id: extended.get(each.id, each.expires_at) for each in held}


async def confirm_reservation(
    tx: Tx, runtime: Runtime, reservation_id: UUID, now: datetime
) -> ConfirmOutcome:
    """``confirm_reservations`` for one; NotFound."""
    outcomes = await confirm_reservations(tx, runtime, [reservation_id], now)
    if reservation_id not in outcomes:
        raise NotFound
    return outcomes[reservation_id]


async def confirm_reservations(
    tx: Tx, runtime: Runtime, ids: Sequence[UUID], now: datetime
) -> dict[UUID, ConfirmOutcome]:
    """Payments succeeded. The places become sold and the tickets exist, in this transaction.

    An expired reservation takes the same places again if they are free and its owner may have
    them; else, or when it or its event was cancelled, it is LOST and the caller refunds. An unknown
    one has no outcome.
    """
    locked = await repository.lock_all(tx, ids)
    known = {
        event_id: await events.get_event(tx, event_id)
        for event_id in {reservation.event_id for reservation in locked}
    }
    outcomes: dict[UUID, ConfirmOutcome] = {}
    paid: list[Reservation] = []
    for reservation in locked:
        outcome = await _judge(tx, runtime, reservation, known[reservation.event_id])
        outcomes[reservation.id] = outcome
        if outcome is ConfirmOutcome.CONFIRMED:
            paid.append(reservation)
    if not paid:
        return outcomes
    await seats.sell_places(tx, [reservation.holding for reservation in paid])
    await repository.set_status(
        tx,
        [reservation.id for reservation in paid],
        ReservationStatus.CONFIRMED,
        expected=[ReservationStatus.PENDING, ReservationStatus.EXPIRED],
        now=now,
    )
    await tickets.issue_tickets(
        tx, [order for reservation in paid for order in _orders(reservation)]
    )
    await _tell(tx, runtime, paid, known)
    tx.after_commit(lambda: _spend_passes(runtime, paid))
    return outcomes


async def _judge(
    tx: Tx, runtime: Runtime, reservation: Reservation, event: Event
) -> ConfirmOutcome:
    """What a success comes to; the places of a CONFIRMED one are its own."""
    if reservation.status is ReservationStatus.CONFIRMED:
        return ConfirmOutcome.ALREADY
    if event.cancelled_at is not None:
        return ConfirmOutcome.LOST
    if reservation.status is ReservationStatus.PENDING:
        return ConfirmOutcome.CONFIRMED
    if reservation.status is ReservationStatus.EXPIRED:
        is_back = await _retake(tx, runtime, reservation, event)
        return ConfirmOutcome.CONFIRMED if is_back else ConfirmOutcome.LOST
    return ConfirmOutcome.LOST


async def _retake(tx: Tx, runtime: Runtime, reservation: Reservation, event: Event) -> bool:
    seat_map = await runtime.one(SeatMaps).get(event.id) if reservation.seat_indexes else None
    offer = await find_offer(tx, event.id, reservation.user_id)
    try:
        async with tx.savepoint():
            await quota.take_places(
                tx, event.id, reservation.user_id, reservation.places, event.limits.seats_per_user
            )
            if not await events.take_uses(tx, await list_code_ids(tx, [reservation.id])):
                raise AccessCodeUsedUp
            await seats.claim_places(
                tx,
                seat_map=seat_map,
                event_id=event.id,
                reservation_id=reservation.id,
                indexes=reservation.seat_indexes,
                general=reservation.general,
                opened=[offer.allotment_id] if offer is not None else (),
            )
    except (seats.SeatTaken, seats.SoldOut, LimitExceeded, AccessCodeUsedUp):
        return False
    return True


def _orders(reservation: Reservation) -> list[tickets.TicketOrder]:
    return [
        tickets.TicketOrder(
            reservation_id=reservation.id,
            event_id=reservation.event_id,
            user_id=reservation.user_id,
            position=position,
            tier_id=item.tier_id,
            seat_id=item.seat_id,
            quantity=item.quantity,
        )
        for position, item in enumerate(reservation.items)
    ]


async def _tell(
    tx: Tx, runtime: Runtime, paid: Sequence[Reservation], known: Mapping[UUID, Event]
) -> None:
    """A letter to each buyer whose account was not erased since."""
    accounts = await auth.find_accounts(tx, [reservation.user_id for reservation in paid])
    letters = []
    for reservation in paid:
        account, event = accounts.get(reservation.user_id), known[reservation.event_id]
        if account is not None:
            letter = notifications.reservation_confirmed(
                number=reservation.number,
                event_title=event.title,
                venue_name=event.venue.name,
                starts_at=event.starts_at,
                timezone=event.venue.timezone,
                amount=Money(reservation.amount_minor, reservation.currency),
                link=f"{runtime.settings.public_url}/reservations/{reservation.id}",
            )
            letters.append((account.email, letter))
    await notifications.enqueue_letters(tx, letters)


async def _spend_passes(runtime: Runtime, paid: Sequence[Reservation]) -> None:
    await asyncio.gather(*(queue.spend_pass(runtime, each.event_id, each.user_id) for each in paid))
