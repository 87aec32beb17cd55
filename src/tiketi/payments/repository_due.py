"""SQL of what has to be looked at again: payments in doubt, webhooks heard, money owed back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.payments.domain import Payment
from tiketi.payments.repository import COLUMNS, to_payment

_LEASE_DUE = text(f"""
    WITH due AS (
        SELECT id FROM payments.payment
        WHERE check_at <= :now AND (confirming_until IS NULL OR confirming_until <= :now)
        ORDER BY check_at LIMIT :most FOR UPDATE SKIP LOCKED)
    UPDATE payments.payment AS p SET checks = p.checks + 1, check_at =
        :now + make_interval(secs => LEAST(:backoff_max, :after * power(2, LEAST(p.checks, 30))))
    FROM due WHERE p.id = due.id RETURNING {COLUMNS}""")  # noqa: S608 # a constant
_PUT_OFF = text("""
    UPDATE payments.payment SET check_at = :check_at, checks = 0
    WHERE id = :id AND settled_at IS NULL""")
_HEARD = text("""
    INSERT INTO payments.webhook (provider, webhook_id, received_at)
    VALUES (:provider, :webhook_id, :now) ON CONFLICT DO NOTHING""")
# Served by the index of payments that are paid and not given back: few once an event's are.
_OF_CANCELLED_EVENTS = text("""
    SELECT p.id FROM payments.payment AS p
    JOIN events.event AS e ON e.id = p.event_id AND e.cancelled_at IS NOT NULL
    WHERE p.status IN ('succeeded', 'partially_refunded') AND p.released_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM payments.refund AS f
            WHERE f.payment_id = p.id AND f.releases AND f.status = 'pending')
    ORDER BY p.id LIMIT :most""")


async def lease_due(
    tx: Tx, *, now: datetime, after_seconds: float, backoff_max_seconds: float, most: int
) -> list[Payment]:
    """Payments to ask about now. The next look is put off, so that nobody else takes them."""
    values = {
        "now": now,
        "after": after_seconds,
        "backoff_max": backoff_max_seconds,
        "most": most,
    }
    return [to_payment(row) for row in (await tx.execute(_LEASE_DUE, values)).mappings()]


async def put_off(tx: Tx, payment_id: UUID, check_at: datetime) -> None:
    await tx.execute(_PUT_OFF, {"id": payment_id, "check_at": check_at})


async def note_webhook(tx: Tx, provider: str, webhook_id: str, now: datetime) -> bool:
    """False when the webhook was heard before."""
    values = {"provider": provider, "webhook_id": webhook_id, "now": now}
    return (await tx.execute(_HEARD, values)).rowcount == 1


async def list_owed_by_cancelled_events(reader: Reader, most: int) -> list[UUID]:
    """Paid payments of cancelled events whose refund nobody has begun."""
    return list((await reader.execute(_OF_CANCELLED_EVENTS, {"most": most})).scalars())
