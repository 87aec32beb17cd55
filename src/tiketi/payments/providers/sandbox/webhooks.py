"""The sandbox's webhooks as the shop reads them."""

import re
from collections.abc import Mapping
from datetime import datetime

import orjson

from tiketi.kernel.ids import parse_id
from tiketi.payments.errors import WebhookRefused
from tiketi.payments.providers.protocol import Webhook, WebhookKind
from tiketi.payments.providers.standard_webhooks import verify

_FAILURE_CODE = re.compile(r"[a-z0-9_]{1,64}")


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
