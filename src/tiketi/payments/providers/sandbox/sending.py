"""How the sandbox sends the webhooks that it owes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
import structlog
from sqlalchemy import text

from tiketi.infra.runtime import Runtime
from tiketi.kernel.clock import rfc3339
from tiketi.payments.providers.protocol import WebhookKind
from tiketi.payments.providers.sandbox.key import WebhookKey
from tiketi.payments.providers.sandbox.posting import Outcome, Post, post_all
from tiketi.payments.providers.standard_webhooks import signed_headers

log = structlog.get_logger(__name__)

# A round sends so many at most; with the loop's pause that bounds what they cost a busy shop. An
# echo repeats what the shop was answered, so that few of them do.
NEWS_MAX = 100
ECHOES_MAX = 10
SENDERS_MAX = 5
TIMEOUT_SECONDS = 5.0
# A slow shop gets the rest of the batch in the next round, after what is news by then.
BEGIN_SECONDS_MAX = 1.0
# One that is being sent is nobody else's for so long; then its sender is taken for dead.
LEASE_SECONDS = 30.0
ATTEMPTS_MAX = 10
BACKOFF_SECONDS_MAX = 60.0

_TAKE = text("""
    WITH news AS (
        SELECT id FROM sandbox.webhook
        WHERE sent_at IS NULL AND given_up_at IS NULL AND due_at <= :now AND NOT is_echo
        ORDER BY due_at LIMIT :news_max FOR UPDATE SKIP LOCKED),
    echoes AS (
        SELECT id FROM sandbox.webhook
        WHERE sent_at IS NULL AND given_up_at IS NULL AND due_at <= :now AND is_echo
        ORDER BY due_at LIMIT :echoes_max FOR UPDATE SKIP LOCKED),
    due AS (SELECT id FROM news UNION ALL SELECT id FROM echoes)
    UPDATE sandbox.webhook w SET attempts = attempts + 1, due_at = :lease_until
    FROM due, sandbox.charge c WHERE w.id = due.id AND c.id = w.charge_id
    RETURNING w.id, w.type, w.amount_minor, w.is_echo, w.created_at, w.attempts,
        c.id AS charge_id, c.payment_id, c.currency, c.failure_code""")
# One that did not arrive is due again later, and given up after its last attempt; one that was not
# tried is due as before.
_NOTE = text("""
    UPDATE sandbox.webhook w SET
        sent_at = CASE WHEN t.arrived THEN CAST(:now AS timestamptz) END,
        attempts = w.attempts - CASE WHEN t.tried THEN 0 ELSE 1 END,
        due_at = t.due_at,
        given_up_at = CASE WHEN t.tried AND NOT t.arrived AND w.attempts >= :attempts_max
            THEN CAST(:now AS timestamptz) END
    FROM unnest(CAST(:ids AS text[]), CAST(:tried AS boolean[]), CAST(:arrived AS boolean[]),
        CAST(:due_at AS timestamptz[])) AS t (id, tried, arrived, due_at)
    WHERE w.id = t.id AND w.sent_at IS NULL""")

_MOST = {"news_max": NEWS_MAX, "echoes_max": ECHOES_MAX}


@dataclass(frozen=True, slots=True)
class _Owed:
    id: str
    type: str
    amount_minor: int
    is_echo: bool
    created_at: datetime
    attempts: int
    charge_id: str
    payment_id: UUID
    currency: str
    failure_code: str | None

    def body(self) -> bytes:
        data = {
            "payment_id": str(self.payment_id),
            "provider_payment_id": self.charge_id,
            "amount": self.amount_minor,
            "currency": self.currency,
        }
        if self.type == WebhookKind.FAILED and self.failure_code:
            data["failure_code"] = self.failure_code
        stamp = rfc3339(self.created_at)
        return orjson.dumps({"type": self.type, "timestamp": stamp, "data": data})


async def send_due(runtime: Runtime) -> int:
    """Send what is owed, a bounded number, news before echoes; how many were taken up."""
    owed = await _take(runtime)
    if owed:
        outcomes = await post_all(
            runtime.settings.sandbox_webhook_url,
            [_signed(runtime, one) for one in owed],
            senders_max=SENDERS_MAX,
            post_seconds_max=TIMEOUT_SECONDS,
            begin_seconds_max=BEGIN_SECONDS_MAX,
        )
        await _note(runtime, owed, outcomes)
    return len(owed)


async def _take(runtime: Runtime) -> list[_Owed]:
    """What is due, leased: news first, the oldest first."""
    now = runtime.clock.now()
    lease_until = now + timedelta(seconds=LEASE_SECONDS)
    async with runtime.database.latest() as writer:
        values = {"now": now, "lease_until": lease_until, **_MOST}
        owed = [_Owed(**row) for row in (await writer.execute(_TAKE, values)).mappings()]
    return sorted(owed, key=lambda one: (one.is_echo, one.created_at))


def _signed(runtime: Runtime, owed: _Owed) -> Post:
    key, body = runtime.one(WebhookKey).secret_bytes, owed.body()
    headers = signed_headers(key, owed.id, runtime.clock.now(), body)
    headers["content-type"] = "application/json"
    return Post(headers, body)


async def _note(
    runtime: Runtime, owed: Sequence[_Owed], outcomes: Sequence[Outcome | None]
) -> None:
    now = runtime.clock.now()
    due_at = []
    for one, outcome in zip(owed, outcomes, strict=True):
        wait_seconds = 0.0
        if outcome is not None and not outcome.arrived:
            wait_seconds = min(2.0**one.attempts, BACKOFF_SECONDS_MAX)
            tried = {"webhook_id": one.id, "attempt": one.attempts}
            log.warning("webhook_not_taken", reason=outcome.reason, **tried)
        due_at.append(now + timedelta(seconds=wait_seconds))
    values = {
        "ids": [one.id for one in owed],
        "tried": [outcome is not None for outcome in outcomes],
        "arrived": [outcome is not None and outcome.arrived for outcome in outcomes],
        "due_at": due_at,
        "attempts_max": ATTEMPTS_MAX,
        "now": now,
    }
    async with runtime.database.latest() as writer:
        await writer.execute(_NOTE, values)
