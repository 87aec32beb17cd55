"""Background work of accounts."""

from tiketi.auth.passwords import FORGOTTEN_TOPIC, mail_reset
from tiketi.auth.sessions import clean_up
from tiketi.infra.loops import Loop
from tiketi.infra.outbox import BATCH_MAX, Message, deliver_due
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime

RESET_INTERVAL_SECONDS = 1.0
CLEAN_UP_INTERVAL_SECONDS = 60.0


async def mail_due_resets(runtime: Runtime) -> bool:
    """One round: answer a batch of forgotten passwords; whether there may be more."""

    async def consume(tx: Tx, message: Message) -> None:
        await mail_reset(tx, runtime, message, runtime.clock.now())

    return await deliver_due(runtime.database, {FORGOTTEN_TOPIC: consume}) == BATCH_MAX


async def clean_up_sessions(runtime: Runtime) -> bool:
    """One round: delete a batch of what is too old to matter; whether there may be more."""
    async with runtime.database.transaction() as tx:
        return await clean_up(tx, runtime, runtime.clock.now())


LOOPS: tuple[Loop, ...] = (
    Loop("password_resets", lambda _settings: RESET_INTERVAL_SECONDS, mail_due_resets),
    Loop("session_clean_up", lambda _settings: CLEAN_UP_INTERVAL_SECONDS, clean_up_sessions),
)
