"""Standard Webhooks 1.0: signed messages, by HMAC-SHA256 over ``id.timestamp.body``.

Specification: https://github.com/standard-webhooks/standard-webhooks
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from tiketi.payments.errors import WebhookRefused

SECRET_PREFIX = "whsec_"  # noqa: S105 # what every such secret begins with
SCHEME = "v1"
ID_CHARACTERS_MAX = 255
TIMESTAMP_DIGITS_MAX = 12
# A sender signs with its new and its old key while it changes them; more is a flood.
SIGNATURES_MAX = 16


def decode_secret(secret: str) -> bytes:
    """The key's bytes; ValueError for a text that is not base64."""
    return b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)


def sign(key: bytes, webhook_id: str, timestamp: str, body: bytes) -> str:
    """One signature, as ``webhook-signature`` carries it."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return f"{SCHEME},{b64encode(hmac.digest(key, signed, sha256)).decode()}"


def signed_headers(key: bytes, webhook_id: str, now: datetime, body: bytes) -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": sign(key, webhook_id, timestamp, body),
    }


def verify(
    key: bytes, headers: Mapping[str, str], body: bytes, *, now: datetime, tolerance_seconds: int
) -> str:
    """The id of a message that is signed and of now; WebhookRefused for any other."""
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not 1 <= len(webhook_id) <= ID_CHARACTERS_MAX or not webhook_id.isprintable():
        raise WebhookRefused("webhook-id is missing or malformed.")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= TIMESTAMP_DIGITS_MAX):
        raise WebhookRefused("webhook-timestamp is missing or malformed.")
    if abs(now.timestamp() - int(timestamp)) > tolerance_seconds:
        raise WebhookRefused("webhook-timestamp is too far from now.")
    expected = sign(key, webhook_id, timestamp, body).encode()
    given = headers.get("webhook-signature", "").split()[:SIGNATURES_MAX]
    # Every signature is compared, so that the time tells nothing about which one was near.
    matches = [hmac.compare_digest(expected, one.encode()) for one in given]
    if not any(matches):
        raise WebhookRefused("webhook-signature does not match.")
    return webhook_id
