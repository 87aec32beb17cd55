"""Background work of notifications."""

from tiketi.infra.loops import Loop
from tiketi.infra.outbox import BATCH_MAX, deliver_due
from tiketi.infra.runtime import Runtime
from tiketi.notifications.service import MAIL_TOPIC, mail_consumer

MAIL_INTERVAL_SECONDS = 1.0


async def send_due_mail(runtime: Runtime) -> bool:
    """One round: a batch of the mails that are due; whether more may be."""
    async with mail_consumer(runtime) as consumer:
        return await deliver_due(runtime.database, {MAIL_TOPIC: consumer}) == BATCH_MAX


LOOPS: tuple[Loop, ...] = (Loop("mail", lambda _settings: MAIL_INTERVAL_SECONDS, send_due_mail),)
