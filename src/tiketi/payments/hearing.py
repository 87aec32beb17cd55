"""Webhooks: what a provider says by itself, in any order and any number of times.

Those that arrive together are heard together, in one transaction: most repeat what was answered.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from tiketi.infra.batching import Batcher
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.payments import repository, repository_due, repository_refunds
from tiketi.payments.domain import Capture, Payment
from tiketi.payments.providers.gateway import Gateway
from tiketi.payments.providers.protocol import Webhook, WebhookKind
from tiketi.payments.refunding import finish_refunds
from tiketi.payments.repository_due import Known
from tiketi.payments.settling import DECLINED, settle_captures, settle_failure

log = structlog.get_logger(__name__)

# Bounds as of settlements, which a batch of webhooks may be.
BATCH_MAX = 32
WAITING_MAX = 1_000
WAIT_SECONDS_MAX = 10.0

Said = tuple[str, Webhook]  # by which provider


class Hearings:
    """The webhooks that this process hears."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._batcher: Batcher[Said, Payment | None] = Batcher(
            "webhooks",
            self._act,
            batch_max=BATCH_MAX,
            waiting_max=WAITING_MAX,
            wait_seconds_max=WAIT_SECONDS_MAX,
        )

    async def act_on(self, provider: str, webhook: Webhook) -> Payment | None:
        """The payment whose money the webhook counted; Unavailable, and the provider repeats it."""
        return await self._batcher.submit((provider, webhook))

    async def _act(self, said: Sequence[Said]) -> Sequence[Payment | None]:
        async with self._runtime.database.transaction() as tx:
            return await _act_on_all(tx, self._runtime, said, self._runtime.clock.now())


async def hear_webhook(
    runtime: Runtime, gateway: Gateway, headers: Mapping[str, str], raw: bytes
) -> None:
    """Act on a webhook, once for each id; WebhookRefused, and nothing written, for a bad one.

    One about a payment that is not known here, or of another amount, is taken and changes
    nothing: the provider could only repeat it.
    """
    provider = gateway.provider
    webhook = await provider.parse_webhook(headers, raw, runtime.clock.now())
    if webhook.kind is WebhookKind.CHANGED:
        await _hasten(runtime, provider.name, webhook)
        return
    counted = await runtime.one(Hearings).act_on(provider.name, webhook)
    if counted is not None and counted.is_owed_back:
        await finish_refunds(runtime, counted)


async def _hasten(runtime: Runtime, provider: str, webhook: Webhook) -> None:
    """Have the reconciler ask at once. Nothing else is written: anybody may have sent this."""
    if webhook.payment_id is None:
        return
    async with runtime.database.transaction() as tx:
        payment = await repository.find_payment(tx, webhook.payment_id)
        if payment is not None and payment.provider == provider and payment.settled_at is None:
            await repository_due.put_off(tx, payment.id, runtime.clock.now())


async def _act_on_all(
    tx: Tx, runtime: Runtime, said: Sequence[Said], now: datetime
) -> list[Payment | None]:
    """For each the payment that it counted, the first of those that say the same."""
    first = {(provider, webhook.id): webhook for provider, webhook in reversed(said)}
    webhooks = list(first.values())
    noted = [(*key, webhook.payment_id) for key, webhook in first.items()]
    heard = await repository_due.hear_webhooks(tx, noted, now)
    captures: dict[UUID, Capture] = {}
    # Payments are locked before what settling a capture locks, and in one order.
    for place in sorted(heard, key=lambda place: str(webhooks[place].payment_id)):
        webhook, known = webhooks[place], heard[place]
        if known is None or webhook.payment_id is None:
            log.warning("webhook_about_nothing", webhook_id=webhook.id)
        elif webhook.kind is not WebhookKind.SUCCEEDED:
            await _act_on_other(tx, webhook.payment_id, webhook, now)
        elif _is_news(webhook, known):
            captures[webhook.payment_id] = Capture(
                webhook.payment_id, known.amount_minor, known.currency
            )
    counted = await settle_captures(tx, runtime, list(captures.values()), now) if captures else {}
    return [_take(counted, webhook) for _, webhook in said]


async def _act_on_other(tx: Tx, payment_id: UUID, webhook: Webhook, now: datetime) -> None:
    """What took no money."""
    match webhook.kind:
        case WebhookKind.FAILED:
            await settle_failure(tx, payment_id, webhook.failure_code or DECLINED, now)
        case WebhookKind.REFUNDED:
            await repository_refunds.hasten_refunds(tx, payment_id, now)


def _is_news(webhook: Webhook, known: Known) -> bool:
    said = (webhook.amount_minor, webhook.currency)
    if said != (known.amount_minor, known.currency):
        log.error("captured_amount_differs", payment_id=str(webhook.payment_id), said=said)
        return False
    return not known.is_counted


def _take(counted: dict[UUID, Payment], webhook: Webhook) -> Payment | None:
    return None if webhook.payment_id is None else counted.pop(webhook.payment_id, None)
