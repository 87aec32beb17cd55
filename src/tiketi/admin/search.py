"""Use cases on reservations as the crew sees them: find them, and give money back."""

from dataclasses import dataclass
from uuid import UUID

from tiketi.admin.access import get_managed_event
from tiketi.admin.search_repository import Wanted, list_found
from tiketi.auth import api as auth
from tiketi.auth.api import Account
from tiketi.infra.postgres import Reader
from tiketi.kernel.actor import Actor
from tiketi.payments import api as payments
from tiketi.payments.api import Payment, PaymentStatus
from tiketi.reservations import api as reservations
from tiketi.reservations.api import Reservation

_UNPAID = (PaymentStatus.FAILED, PaymentStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Found:
    """``buyer`` None: erased. ``payment`` is the one that counts: the last that did not fail."""

    reservation: Reservation
    event_title: str
    buyer: Account | None
    payment: Payment | None


async def find_reservations(reader: Reader, wanted: Wanted, limit: int) -> list[Found]:
    """Newest first, each with its event, its buyer and its payment."""
    titles = dict(await list_found(reader, wanted, limit))
    found = await reservations.list_reservations(reader, list(titles))
    buyers = await auth.find_accounts(reader, [reservation.user_id for reservation in found])
    tries = await payments.find_for_reservations(reader, list(titles))
    return [
        Found(
            reservation=reservation,
            event_title=titles[reservation.id],
            buyer=buyers.get(reservation.user_id),
            payment=_counting(tries.get(reservation.id, [])),
        )
        for reservation in found
    ]


async def require_managed_reservation(reader: Reader, actor: Actor, reservation_id: UUID) -> None:
    """NotFound for an unknown one, and for one at another organizer's event."""
    reservation = await reservations.get_reservation(reader, reservation_id)
    await get_managed_event(reader, actor, reservation.event_id)


def _counting(tries: list[Payment]) -> Payment | None:
    lasting = [payment for payment in tries if payment.status not in _UNPAID]
    return next(reversed(lasting or tries), None)
