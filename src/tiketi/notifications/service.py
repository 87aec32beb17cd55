"""Mail leaves through the outbox: with the transaction that it tells of, or not at all."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from tiketi.infra import outbox
from tiketi.infra.outbox import Consumer, Message
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.notifications.carriers import open_carrier
from tiketi.notifications.domain import Letter, Mail
from tiketi.notifications.envelope import build_message
from tiketi.notifications.errors import MailRefused

log = structlog.get_logger(__name__)

MAIL_TOPIC = "mail"


async def enqueue_mail(tx: Tx, *, to: str, subject: str, body_text: str) -> None:
    """Send a plain-text mail once the transaction has committed, at least once."""
    await enqueue_letters(tx, [(to, Letter(subject, body_text))])


async def enqueue_letters(tx: Tx, letters: Sequence[tuple[str, Letter]]) -> None:
    """The same for many: each letter to its address."""
    mails = [Mail(to, " ".join(letter.subject.split()), letter.body_text) for to, letter in letters]
    await outbox.publish(tx, MAIL_TOPIC, *(mail.payload() for mail in mails))


@asynccontextmanager
async def mail_consumer(runtime: Runtime) -> AsyncIterator[Consumer]:
    """What sends the outbox's mails; they share one connection to the mail server."""
    carrier = open_carrier(runtime.settings)

    async def send(tx: Tx, message: Message) -> None:
        # A mail is personal, so nothing of it stays here once it has gone.
        await outbox.forget(tx, message)
        try:
            envelope = build_message(
                Mail.of(message.payload),
                message_id=message.id,
                sender=runtime.settings.mail_from,
                now=runtime.clock.now(),
            )
        except ValueError:
            log.warning("mail_unaddressable", message_id=str(message.id))
            return
        try:
            await carrier.send(envelope)
        except MailRefused as refusal:
            log.warning("mail_refused", message_id=str(message.id), code=refusal.code)

    try:
        yield send
    finally:
        await carrier.close()
