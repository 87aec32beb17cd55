"""Confirmations of this process are written together: one statement for those that wait.

In one statement, each with the echo that it owes, since this is what a busy shop waits for most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.batching import Batcher
from tiketi.infra.postgres import Reader
from tiketi.infra.runtime import Runtime
from tiketi.payments.providers.protocol import Charge, WebhookKind
from tiketi.payments.providers.sandbox.books import (
    BookStatus,
    Entry,
    new_charge_id,
    new_webhook_id,
)

BATCH_MAX = 64
WAITING_MAX = 1_000
# The gateway's patience ends first: by default after half of this.
WAIT_SECONDS_MAX = 10.0

# Sorted, as whoever writes several charges has to lock them.
_CONFIRM = text("""
    WITH asked AS (
        SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:payment_ids AS uuid[]),
            CAST(:amounts AS bigint[]), CAST(:currencies AS text[]), CAST(:return_urls AS text[]),
            CAST(:statuses AS text[]), CAST(:failure_codes AS text[]),
            CAST(:settles_at AS timestamptz[]), CAST(:webhook_ids AS text[]),
            CAST(:kinds AS text[]))
            AS a (id, payment_id, amount_minor, currency, return_url, status, failure_code,
                settles_at, webhook_id, kind)),
    confirmed AS (
        INSERT INTO sandbox.charge AS c (id, payment_id, amount_minor, currency, return_url,
            status, failure_code, settles_at, created_at)
        SELECT id, payment_id, amount_minor, currency, return_url, status, failure_code,
            settles_at, CAST(:now AS timestamptz) FROM asked ORDER BY payment_id
        ON CONFLICT (payment_id) DO UPDATE SET status = excluded.status,
            failure_code = excluded.failure_code, settles_at = excluded.settles_at
        WHERE c.status = 'created'
        RETURNING c.id, c.payment_id, c.amount_minor, c.currency, c.status, c.failure_code,
            c.refunded_minor, c.settles_at, c.return_url),
    told AS (
        INSERT INTO sandbox.webhook
            (id, charge_id, type, amount_minor, is_echo, created_at, due_at)
        SELECT asked.webhook_id, confirmed.id, asked.kind, confirmed.amount_minor, true,
            CAST(:now AS timestamptz), CAST(:now AS timestamptz)
        FROM confirmed JOIN asked USING (payment_id) WHERE asked.kind IS NOT NULL)
    SELECT * FROM confirmed""")


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a charge becomes, and what the shop is told of it once more."""

    charge: Charge
    status: BookStatus
    failure_code: str | None = None
    settles_at: datetime | None = None
    echo: WebhookKind | None = None


class Confirmations:
    """The confirmations of this process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._batcher: Batcher[Confirmation, Entry | None] = Batcher(
            "sandbox_confirmations",
            self._write,
            batch_max=BATCH_MAX,
            waiting_max=WAITING_MAX,
            wait_seconds_max=WAIT_SECONDS_MAX,
        )

    async def confirm(self, confirmation: Confirmation) -> Entry | None:
        """The charge as it became; None when it was confirmed before."""
        return await self._batcher.submit(confirmation)

    async def _write(self, asked: Sequence[Confirmation]) -> Sequence[Entry | None]:
        first: dict[UUID, Confirmation] = {}
        for each in asked:
            first.setdefault(each.charge.payment_id, each)
        async with self._runtime.database.latest() as writer:
            entries = await _confirm_all(writer, list(first.values()), self._runtime.clock.now())
        # Whoever asks for a charge a second time finds it confirmed, be it by the same statement.
        return [
            entries.get(each.charge.payment_id) if each is first[each.charge.payment_id] else None
            for each in asked
        ]


async def _confirm_all(
    writer: Reader, asked: Sequence[Confirmation], now: datetime
) -> dict[UUID, Entry]:
    """Those that were not confirmed before, by payment; each payment may be asked for once."""
    charges = [each.charge for each in asked]
    values = {
        "ids": [charge.provider_payment_id or new_charge_id() for charge in charges],
        "payment_ids": [charge.payment_id for charge in charges],
        "amounts": [charge.amount_minor for charge in charges],
        "currencies": [charge.currency for charge in charges],
        "return_urls": [charge.return_url for charge in charges],
        "statuses": [each.status for each in asked],
        "failure_codes": [each.failure_code for each in asked],
        "settles_at": [each.settles_at for each in asked],
        "webhook_ids": [new_webhook_id() for _ in asked],
        "kinds": [each.echo for each in asked],
        "now": now,
    }
    rows = await writer.rows(_CONFIRM, values)
    return {
        row["payment_id"]: Entry(**{**dict(row), "status": BookStatus(row["status"])})
        for row in rows
    }
