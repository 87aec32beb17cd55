"""News that leaves a transaction: written with it, delivered after it, at least once.

A topic has one consumer. Its handler runs in a transaction of its own together with the mark that
the news was delivered, so an effect on PostgreSQL happens exactly once; an effect elsewhere may
be repeated and carries the message's id.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import structlog
from sqlalchemy import text

from tiketi.infra.postgres import Database, Tx
from tiketi.kernel.ids import new_id

log = structlog.get_logger(__name__)

ATTEMPTS_MAX = 12
BATCH_MAX = 50
# The n-th wait is 2ⁿ seconds, at most this: about an hour in all before a message is given up.
BACKOFF_SECONDS_MAX = 600


@dataclass(frozen=True, slots=True)
class Message:
    id: UUID
    topic: str
    payload: dict[str, Any]
    attempts: int


Consumer = Callable[[Tx, Message], Awaitable[None]]

_PUBLISH = text("""
    INSERT INTO infra.outbox (id, topic, payload)
    SELECT t.id, :topic, CAST(t.payload AS jsonb)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:payloads AS text[])) AS t (id, payload)""")
_TAKE = text("""
    SELECT id, topic, payload, attempts FROM infra.outbox
    WHERE topic = ANY(:topics) AND delivered_at IS NULL AND given_up_at IS NULL AND due_at <= now()
    ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED""")
_DELIVERED = text("UPDATE infra.outbox SET delivered_at = now() WHERE id = :id")
_FORGET = text("DELETE FROM infra.outbox WHERE id = :id")
_FAILED = text("""
    UPDATE infra.outbox SET attempts = attempts + 1, last_error = :error,
        due_at = now() + make_interval(secs => LEAST(:backoff_max, power(2, attempts + 1))),
        given_up_at = CASE WHEN attempts + 1 >= :attempts_max THEN now() END
    WHERE id = :id AND delivered_at IS NULL""")

# What nobody will read again goes: delivered messages soon, given-up ones after people had time
# to look at them.
_FORGET_OLD = text("""
    DELETE FROM infra.outbox WHERE ctid IN (
        SELECT ctid FROM infra.outbox
        WHERE (delivered_at IS NOT NULL OR given_up_at IS NOT NULL)
            AND coalesce(delivered_at, given_up_at) < now() - interval '1 day'
            AND (given_up_at IS NULL OR given_up_at < now() - interval '30 days')
        LIMIT 1000)""")


async def publish(tx: Tx, topic: str, *payloads: Mapping[str, Any]) -> None:
    """Write messages; they leave when the transaction commits."""
    if payloads:
        await tx.rows(
            _PUBLISH,
            {
                "topic": topic,
                "ids": [new_id() for _ in payloads],
                "payloads": [orjson.dumps(dict(each), default=str).decode() for each in payloads],
            },
        )


async def forget(tx: Tx, message: Message) -> None:
    """Keep nothing of a message once it is delivered: for one that holds personal data."""
    await tx.execute(_FORGET, {"id": message.id})


async def forget_old(tx: Tx) -> int:
    """Delete a bounded number of messages that have served; how many."""
    return (await tx.execute(_FORGET_OLD)).rowcount


async def deliver_due(database: Database, consumers: Mapping[str, Consumer]) -> int:
    """Deliver what is due, at most ``BATCH_MAX``; how many were taken, failed ones included."""
    for taken in range(BATCH_MAX):
        if not await _deliver_one(database, consumers):
            return taken
    return BATCH_MAX


async def _deliver_one(database: Database, consumers: Mapping[str, Consumer]) -> bool:
    message: Message | None = None
    try:
        async with database.transaction() as tx:
            row = (await tx.execute(_TAKE, {"topics": list(consumers)})).first()
            if row is None:
                return False
            message = Message(row.id, row.topic, row.payload, row.attempts)
            await consumers[message.topic](tx, message)
            await tx.execute(_DELIVERED, {"id": message.id})
    except Exception as error:
        if message is None:
            raise
        log.warning(
            "delivery_failed", topic=message.topic, message_id=str(message.id), exc_info=True
        )
        async with database.transaction() as tx:
            await tx.execute(
                _FAILED,
                {
                    "id": message.id,
                    "error": f"{type(error).__name__}: {error}"[:500],
                    "backoff_max": BACKOFF_SECONDS_MAX,
                    "attempts_max": ATTEMPTS_MAX,
                },
            )
    return True
