"""Background work of payments: what is in doubt, what is owed back, what the sandbox has to say."""

from tiketi.infra.loops import Loop
from tiketi.infra.outbox import BATCH_MAX as MESSAGES_MAX
from tiketi.infra.outbox import Message, deliver_due
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.payments.owing import owe_for_cancelled_events, owe_for_reservation
from tiketi.payments.providers.sandbox import books, sending
from tiketi.payments.reconciling import reconcile_payments, send_due_refunds
from tiketi.reservations.api import REFUND_DUE

RECONCILE_INTERVAL_SECONDS = 1.0
REFUND_INTERVAL_SECONDS = 0.5
# An echo comes within a second or two, where there are few.
WEBHOOK_INTERVAL_SECONDS = 1.0


async def reconcile(runtime: Runtime) -> bool:
    more_payments = await reconcile_payments(runtime)
    more_refunds = await send_due_refunds(runtime)
    return more_payments or more_refunds


async def refund(runtime: Runtime) -> bool:
    async def owe(tx: Tx, message: Message) -> None:
        await owe_for_reservation(tx, runtime, message)

    heard = await deliver_due(runtime.database, {REFUND_DUE: owe})
    more_owed = await owe_for_cancelled_events(runtime)
    more_due = await send_due_refunds(runtime)
    return heard == MESSAGES_MAX or more_owed or more_due


async def send_sandbox_webhooks(runtime: Runtime) -> bool:
    """Never more than a batch a pause: the sandbox may not keep its shop busy."""
    async with runtime.database.latest() as writer:
        settled = await books.settle_due(writer, runtime.clock.now(), sending.NEWS_MAX)
    await sending.send_due(runtime)
    return settled == sending.NEWS_MAX


LOOPS: tuple[Loop, ...] = (
    Loop("reconciler", lambda _settings: RECONCILE_INTERVAL_SECONDS, reconcile),
    Loop("refunds", lambda _settings: REFUND_INTERVAL_SECONDS, refund),
    Loop("sandbox_webhooks", lambda _settings: WEBHOOK_INTERVAL_SECONDS, send_sandbox_webhooks),
)
