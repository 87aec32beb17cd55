"""SQL of what has to be looked at again: payments in doubt, webhooks heard, money owed back."""

from collections.abc import Sequence
from dataclasses import dataclass
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
# Sorted, so that two who hear the same webhooks wait for each other in one order.
_HEAR = text("""
    WITH said AS (
        SELECT * FROM unnest(CAST(:providers AS text[]), CAST(:webhook_ids AS text[]),
            CAST(:payment_ids AS uuid[]))
            WITH ORDINALITY AS s (provider, webhook_id, payment_id, place)),
    heard AS (
        INSERT INTO payments.webhook (provider, webhook_id, received_at)
        SELECT provider, webhook_id, CAST(:now AS timestamptz) FROM said
        ORDER BY provider, webhook_id
        ON CONFLICT DO NOTHING RETURNING provider, webhook_id)
    SELECT said.place, p.id, p.amount_minor, p.currency,
        p.settled_at IS NOT NULL AND p.status NOT IN ('failed', 'cancelled') AS is_counted
    FROM heard JOIN said USING (provider, webhook_id)
    LEFT JOIN payments.payment AS p ON p.id = said.payment_id AND p.provider = said.provider""")
# Served by the index of payments that are paid and not given back: few once an event's are.
_OF_CANCELLED_EVENTS = text("""
    SELECT p.id FROM payments.payment AS p
    JOIN events.event AS e ON e.id = p.event_id AND e.cancelled_at IS NOT NULL
    WHERE p.status IN ('succeeded', 'partially_refunded') AND p.released_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM payments.refund AS f
            WHERE f.payment_id = p.id AND f.releases AND f.status = 'pending')
    ORDER BY p.id LIMIT :most""")


@dataclass(frozen=True, slots=True)
class Known:
    """A webhook's payment. ``is_counted``: its success is written down, whatever came after."""

    amount_minor: int
    currency: str
    is_counted: bool


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


async def hear_webhooks(
    tx: Tx, said: Sequence[tuple[str, str, UUID | None]], now: datetime
) -> dict[int, Known | None]:
    """Note webhooks, by provider, id and payment, that all differ in their ids.

    Those that were not heard before, by their place, each with what is known of its payment.
    """
    providers, webhook_ids, payment_ids = (list(column) for column in zip(*said, strict=True))
    values = {
        "providers": providers,
        "webhook_ids": webhook_ids,
        "payment_ids": payment_ids,
        "now": now,
    }
    return {
        row.place - 1: None
        if row.id is None
        else Known(row.amount_minor, row.currency, is_counted=row.is_counted)
        for row in await tx.execute(_HEAR, values)
    }


async def list_owed_by_cancelled_events(reader: Reader, most: int) -> list[UUID]:
    """Paid payments of cancelled events whose refund nobody has begun."""
    return list((await reader.execute(_OF_CANCELLED_EVENTS, {"most": most})).scalars())
