"""What buyers are written about money that goes back, in the transaction that it tells of."""

from collections.abc import Callable

from tiketi.auth import api as auth
from tiketi.events import api as events
from tiketi.events.api import Event
from tiketi.infra.postgres import Tx
from tiketi.kernel.money import Money
from tiketi.notifications import api as notifications
from tiketi.notifications.api import Letter
from tiketi.payments.domain import Payment
from tiketi.reservations import api as reservations
from tiketi.reservations.api import Reservation


async def tell_refunded(tx: Tx, payment: Payment, amount_minor: int) -> None:
    """So much has gone back."""
    await _write(
        tx,
        payment,
        lambda reservation, event: notifications.reservation_refunded(
            number=reservation.number,
            event_title=event.title,
            amount=Money(amount_minor, payment.currency),
        ),
    )


async def tell_event_cancelled(tx: Tx, payment: Payment) -> None:
    """What was paid for will not take place."""
    await _write(
        tx,
        payment,
        lambda reservation, event: notifications.event_cancelled(
            number=reservation.number, event_title=event.title
        ),
    )


async def _write(tx: Tx, payment: Payment, compose: Callable[[Reservation, Event], Letter]) -> None:
    """Nothing to an account that was erased since."""
    account = (await auth.find_accounts(tx, [payment.user_id])).get(payment.user_id)
    if account is None:
        return
    reservation = await reservations.get_reservation(tx, payment.reservation_id)
    letter = compose(reservation, await events.get_event(tx, payment.event_id))
    await notifications.enqueue_mail(
        tx, to=account.email, subject=letter.subject, body_text=letter.body_text
    )
