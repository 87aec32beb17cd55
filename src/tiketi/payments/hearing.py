"""Webhooks: what a provider says by itself, in any order and any number of times."""

from collections.abc import Mapping
from datetime import datetime

import structlog

from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.payments import repository, repository_due, repository_refunds
from tiketi.payments.domain import Capture, Payment
from tiketi.payments.providers.gateway import Gateway
from tiketi.payments.providers.protocol import Webhook, WebhookKind
from tiketi.payments.refunding import finish_refunds
from tiketi.payments.settling import DECLINED, settle_captures, settle_failure

log = structlog.get_logger(__name__)


async def hear_webhook(
    runtime: Runtime, gateway: Gateway, headers: Mapping[str, str], raw: bytes
) -> None:
    """Act on a webhook, once for each id; WebhookRefused, and nothing written, for a bad one.

    One about a payment that is not known here, or of another amount, is taken and changes
    nothing: the provider could only repeat it.
    """
    now = runtime.clock.now()
    webhook = await gateway.provider.parse_webhook(headers, raw, now)
    if webhook.kind is WebhookKind.CHANGED:
        await _hasten(runtime, gateway.provider.name, webhook)
        return
    owed: Payment | None = None
    async with runtime.database.transaction() as tx:
        if not await repository_due.note_webhook(tx, gateway.provider.name, webhook.id, now):
            return
        payment = await _find(tx, gateway.provider.name, webhook)
        if payment is None:
            log.warning("webhook_about_nothing", webhook_id=webhook.id)
            return
        owed = await _act(tx, runtime, payment, webhook, now)
    if owed is not None and owed.is_owed_back:
        await finish_refunds(runtime, owed)


async def _hasten(runtime: Runtime, provider: str, webhook: Webhook) -> None:
    """Have the reconciler ask at once. Nothing else is written: anybody may have sent this."""
    async with runtime.database.transaction() as tx:
        payment = await _find(tx, provider, webhook)
        if payment is not None and payment.settled_at is None:
            await repository_due.put_off(tx, payment.id, runtime.clock.now())


async def _find(tx: Tx, provider: str, webhook: Webhook) -> Payment | None:
    if webhook.payment_id is None:
        return None
    payment = await repository.find_payment(tx, webhook.payment_id)
    return payment if payment is not None and payment.provider == provider else None


async def _act(
    tx: Tx, runtime: Runtime, payment: Payment, webhook: Webhook, now: datetime
) -> Payment | None:
    """The payment if the webhook settled it."""
    match webhook.kind:
        case WebhookKind.SUCCEEDED:
            said = (webhook.amount_minor, webhook.currency)
            if said != (payment.amount_minor, payment.currency):
                log.error("captured_amount_differs", payment_id=str(payment.id), said=said)
            settled = await settle_captures(tx, runtime, [Capture(payment.id, *said)], now)
            return settled.get(payment.id)
        case WebhookKind.FAILED:
            code = webhook.failure_code or DECLINED
            return await settle_failure(tx, payment.id, code, now)
        case WebhookKind.REFUNDED:
            await repository_refunds.hasten_refunds(tx, payment.id, now)
    return None
