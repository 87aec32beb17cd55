"""Rights of this process to ask a provider are taken together: one write for those that wait."""

from collections.abc import Sequence
from datetime import timedelta

from tiketi.infra.batching import Batcher
from tiketi.infra.runtime import Runtime
from tiketi.payments import repository_confirming
from tiketi.payments.domain import Payment
from tiketi.reservations import api as reservations
from tiketi.reservations.api import ReservationStatus

# Beyond the provider's timeout: to write down what it said. Then the asking process is dead.
SETTLE_SECONDS = 3.0
BATCH_MAX = 64
WAITING_MAX = 1_000
WAIT_SECONDS_MAX = 5.0


# A late buyer's money is taken and then decides; with these there is nothing left to decide.
_UNPAYABLE = (
    ReservationStatus.CONFIRMED,
    ReservationStatus.CANCELLED,
    ReservationStatus.REFUNDED,
)


class NothingToPay(Exception):
    """The payment's reservation is over, or paid."""


class Claims:
    """The claims of this process, each on one payment."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._batcher: Batcher[Payment, Payment | None] = Batcher(
            "payment_claims",
            self._take,
            batch_max=BATCH_MAX,
            waiting_max=WAITING_MAX,
            wait_seconds_max=WAIT_SECONDS_MAX,
        )

    async def take(self, payment: Payment) -> Payment | None:
        """The payment, which nobody else may ask the provider about now; None for all but one.

        NothingToPay.
        """
        return await self._batcher.submit(payment)

    async def _take(self, asked: Sequence[Payment]) -> Sequence[Payment | Exception | None]:
        now = self._runtime.clock.now()
        async with self._runtime.database.latest() as writer:
            ids = {payment.reservation_id for payment in asked}
            statuses = await reservations.read_statuses(writer, ids)
            payable = {each for each, status in statuses.items() if is_payable(status)}
            claimed = await repository_confirming.claim(
                writer,
                [payment.id for payment in asked if payment.reservation_id in payable],
                confirming_until=now + lease(self._runtime),
                now=now,
            )
        # Of two who ask for the same payment one has it.
        return [
            claimed.pop(payment.id, None) if payment.reservation_id in payable else NothingToPay()
            for payment in asked
        ]


def is_payable(status: ReservationStatus) -> bool:
    return status not in _UNPAYABLE


def lease(runtime: Runtime) -> timedelta:
    """So long the right lasts."""
    return timedelta(seconds=runtime.settings.payment_provider_timeout_seconds + SETTLE_SECONDS)
