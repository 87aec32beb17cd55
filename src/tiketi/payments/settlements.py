"""Settlements of this process are written together: one transaction for those that wait."""

from collections.abc import Sequence
from uuid import UUID

from tiketi.infra.batching import Batcher
from tiketi.infra.runtime import Runtime
from tiketi.payments.domain import Payment
from tiketi.payments.providers.protocol import ChargeState
from tiketi.payments.refunding import finish_refunds
from tiketi.payments.settling import settle_states

# A settlement is some fifteen rows: beyond this a batch would hold its locks for too long.
BATCH_MAX = 32
WAITING_MAX = 1_000
# Who has taken money should not give up soon; the reconciler settles what did.
WAIT_SECONDS_MAX = 10.0


class Settlements:
    """The settlements of this process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._batcher: Batcher[tuple[UUID, ChargeState], Payment] = Batcher(
            "settlements",
            self._write,
            batch_max=BATCH_MAX,
            waiting_max=WAITING_MAX,
            wait_seconds_max=WAIT_SECONDS_MAX,
        )

    async def settle(self, payment_id: UUID, state: ChargeState) -> Payment:
        """Settle by the provider's final state; what came too late goes back at once."""
        payment = await self._batcher.submit((payment_id, state))
        return await finish_refunds(self._runtime, payment) if payment.is_owed_back else payment

    async def _write(self, states: Sequence[tuple[UUID, ChargeState]]) -> Sequence[Payment]:
        async with self._runtime.database.transaction() as tx:
            return await settle_states(tx, self._runtime, states, self._runtime.clock.now())
