"""Rights of this process to ask a provider are taken together: one write for those that wait."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from tiketi.infra.batching import Batcher
from tiketi.infra.runtime import Runtime
from tiketi.payments import repository_confirming
from tiketi.payments.domain import Payment

# Beyond the provider's timeout: to write down what it said. Then the asking process is dead.
SETTLE_SECONDS = 3.0
BATCH_MAX = 64
WAITING_MAX = 1_000
FLIGHTS_MAX = 2
WAIT_SECONDS_MAX = 5.0


class Claims:
    """The claims of this process, each on one payment."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._batcher: Batcher[UUID, Payment | None] = Batcher(
            "payment_claims",
            self._take,
            batch_max=BATCH_MAX,
            waiting_max=WAITING_MAX,
            flights_max=FLIGHTS_MAX,
            wait_seconds_max=WAIT_SECONDS_MAX,
        )

    async def take(self, payment_id: UUID) -> Payment | None:
        """The payment, which nobody else may ask the provider about now; None for all but one."""
        return await self._batcher.submit(payment_id)

    async def _take(self, ids: Sequence[UUID]) -> Sequence[Payment | None]:
        now = self._runtime.clock.now()
        async with self._runtime.database.latest() as writer:
            claimed = await repository_confirming.claim(
                writer, ids, confirming_until=now + lease(self._runtime), now=now
            )
        # Of two who ask for the same payment one has it.
        return [claimed.pop(payment_id, None) for payment_id in ids]


def lease(runtime: Runtime) -> timedelta:
    """So long the right lasts."""
    return timedelta(seconds=runtime.settings.payment_provider_timeout_seconds + SETTLE_SECONDS)
