"""Webhooks: what a provider says by itself, in any order and any number of times."""

from collections.abc import Mapping
from datetime import datetime

import structlog

from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.payments import repository, repository_refunds
from tiketi.payments.domain import Payment
from tiketi.payments.providers.gateway import Gateway
from tiketi.payments.providers.protocol import Webhook, WebhookKind
from tiketi.payments.refunding import finish_refunds
from tiketi.payments.settling import DECLINED, Capture, settle_capture, settle_failure

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
    async with runtime.database.transaction() as tx:
        if not await repository.note_webhook(tx, gateway.provider.name, webhook.id, now):
            return
        payment = await _lock(tx, gateway.provider.name, webhook)
        if payment is None:
            log.warning("webhook_about_nothing", webhook_id=webhook.id)
            return
        payment = await _act(tx, runtime, payment, webhook, now)
    if payment.is_owed_back:
        await finish_refunds(runtime, payment)


async def _lock(tx: Tx, provider: str, webhook: Webhook) -> Payment | None:
    if webhook.payment_id is None:
        return None
    payment = await repository.lock_payment(tx, webhook.payment_id)
    return payment if payment is not None and payment.provider == provider else None


async def _act(
    tx: Tx, runtime: Runtime, payment: Payment, webhook: Webhook, now: datetime
) -> Payment:
    match webhook.kind:
        case WebhookKind.SUCCEEDED:
            capture = Capture(webhook.amount_minor, webhook.currency)
            return await settle_capture(tx, runtime, payment, capture, now)
        case WebhookKind.FAILED:
            return await settle_failure(tx, payment, webhook.failure_code or DECLINED, now)
        case WebhookKind.REFUNDED:
            await repository_refunds.hasten_refunds(tx, payment.id, now)
    return payment
