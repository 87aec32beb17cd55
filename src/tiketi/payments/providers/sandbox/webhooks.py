"""The sandbox's webhooks: how it reads its own, and how it sends what it owes."""

import asyncio
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

import httpx
import orjson
import structlog
from sqlalchemy import text

from tiketi.infra.runtime import Runtime
from tiketi.kernel.clock import rfc3339
from tiketi.kernel.ids import parse_id
from tiketi.payments.errors import WebhookRefused
from tiketi.payments.providers.protocol import Webhook, WebhookKind
from tiketi.payments.providers.sandbox.books import BookStatus, lock_due, tell, write_entry
from tiketi.payments.providers.sandbox.key import WebhookKey
from tiketi.payments.providers.standard_webhooks import signed_headers, verify

log = structlog.get_logger(__name__)

# A round sends so many; with the loop's pause that bounds what echoes may cost a busy shop.
BATCH_MAX = 25
TIMEOUT_SECONDS = 5.0
# One that is being sent is nobody else's for so long; then its sender is taken for dead.
LEASE_SECONDS = 30.0
ATTEMPTS_MAX = 10
BACKOFF_SECONDS_MAX = 60.0
_FAILURE_CODE = re.compile(r"[a-z0-9_]{1,64}")

_TAKE = text("""
    WITH due AS (
        SELECT id FROM sandbox.webhook
        WHERE sent_at IS NULL AND given_up_at IS NULL AND due_at <= :now
        ORDER BY is_echo, due_at LIMIT :most FOR UPDATE SKIP LOCKED)
    UPDATE sandbox.webhook w SET attempts = attempts + 1, due_at = :lease_until
    FROM due, sandbox.charge c WHERE w.id = due.id AND c.id = w.charge_id
    RETURNING w.id, w.type, w.amount_minor, w.created_at, w.attempts,
        c.id AS charge_id, c.payment_id, c.currency, c.failure_code""")
# One that did not arrive is due again later, and given up after its last attempt.
_NOTE = text("""
    UPDATE sandbox.webhook w SET
        sent_at = CASE WHEN tried.arrived THEN CAST(:now AS timestamptz) END,
        due_at = COALESCE(tried.due_at, w.due_at),
        given_up_at = CASE WHEN NOT tried.arrived AND w.attempts >= :attempts_max THEN :now END
    FROM unnest(CAST(:ids AS text[]), CAST(:arrived AS boolean[]), CAST(:due_at AS timestamptz[]))
        AS tried (id, arrived, due_at)
    WHERE w.id = tried.id AND w.sent_at IS NULL""")


@dataclass(frozen=True, slots=True)
class _Owed:
    id: str
    type: str
    amount_minor: int
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


def read_webhook(
    key: bytes,
    headers: Mapping[str, str],
    raw: bytes,
    *,
    now: datetime,
    tolerance_seconds: int,
) -> Webhook:
    """The message; WebhookRefused unless it is signed by the key, of now, and a message."""
    webhook_id = verify(key, headers, raw, now=now, tolerance_seconds=tolerance_seconds)
    try:
        message = orjson.loads(raw)
        kind, data = message["type"], message["data"]
        payment_id, amount = data.get("payment_id"), data.get("amount")
        currency, failure_code = data.get("currency"), data.get("failure_code")
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise WebhookRefused("The body is not a message of ours.") from error
    known = isinstance(kind, str) and kind in set(WebhookKind)
    coded = isinstance(failure_code, str) and _FAILURE_CODE.fullmatch(failure_code)
    return Webhook(
        id=webhook_id,
        kind=WebhookKind(kind) if known else WebhookKind.OTHER,
        payment_id=parse_id(payment_id) if isinstance(payment_id, str) else None,
        amount_minor=amount if type(amount) is int else None,
        currency=currency if isinstance(currency, str) else None,
        failure_code=failure_code if coded else None,
    )


async def settle_due(runtime: Runtime) -> bool:
    """Capture the charges whose processing is over; whether more may be due."""
    now = runtime.clock.now()
    async with runtime.database.transaction() as tx:
        entries = await lock_due(tx, now, BATCH_MAX)
        for entry in entries:
            await write_entry(tx, entry, BookStatus.CAPTURED)
            await tell(tx, entry, WebhookKind.SUCCEEDED, is_echo=False, now=now)
    return len(entries) == BATCH_MAX


async def send_due(runtime: Runtime) -> int:
    """Send what is owed, at most ``BATCH_MAX`` at once; how many were tried."""
    now = runtime.clock.now()
    lease_until = now + timedelta(seconds=LEASE_SECONDS)
    async with runtime.database.transaction() as tx:
        taken = await tx.execute(_TAKE, {"now": now, "most": BATCH_MAX, "lease_until": lease_until})
        owed = [_Owed(**row) for row in taken.mappings()]
    if owed:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, verify=_trust()) as http:
            arrived = await asyncio.gather(*(_send(runtime, http, one) for one in owed))
        await _note(runtime, owed, arrived)
    return len(owed)


async def _send(runtime: Runtime, http: httpx.AsyncClient, owed: _Owed) -> bool:
    """Whether it arrived."""
    settings, body = runtime.settings, owed.body()
    key = runtime.one(WebhookKey).secret_bytes
    headers = signed_headers(key, owed.id, runtime.clock.now(), body)
    headers["content-type"] = "application/json"
    try:
        answer = await http.post(settings.sandbox_webhook_url, content=body, headers=headers)
        arrived = answer.is_success
        reason = str(answer.status_code)
    except httpx.HTTPError as error:
        arrived, reason = False, repr(error)
    if not arrived:
        log.warning("webhook_not_taken", webhook_id=owed.id, attempt=owed.attempts, reason=reason)
    return arrived


async def _note(runtime: Runtime, owed: Sequence[_Owed], arrived: Sequence[bool]) -> None:
    now = runtime.clock.now()
    waits = [min(2.0**one.attempts, BACKOFF_SECONDS_MAX) for one in owed]
    async with runtime.database.transaction() as tx:
        await tx.execute(
            _NOTE,
            {
                "ids": [one.id for one in owed],
                "arrived": list(arrived),
                "due_at": [
                    None if did else now + timedelta(seconds=wait)
                    for did, wait in zip(arrived, waits, strict=True)
                ],
                "attempts_max": ATTEMPTS_MAX,
                "now": now,
            },
        )


@cache
def _trust() -> ssl.SSLContext:
    """The trusted certificates, read once: httpx would read them for every client."""
    return ssl.create_default_context()
