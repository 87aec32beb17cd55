"""Stripe: a PaymentIntent, which the buyer confirms with Stripe.js on our page.

Reference: https://docs.stripe.com/api/payment_intents, https://docs.stripe.com/webhooks. Our ids
are its idempotency keys and stand in the metadata.
"""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from tiketi.kernel.errors import Invalid
from tiketi.kernel.ids import parse_id
from tiketi.payments.errors import WebhookRefused
from tiketi.payments.providers.company import Company, CompanyAnswer, CompanyFault
from tiketi.payments.providers.protocol import (
    Charge,
    ChargeState,
    ChargeStatus,
    Webhook,
    WebhookKind,
)

_ID = re.compile(r"[A-Za-z0-9_]{1,255}")
_CODE = re.compile(r"[a-z0-9_]{1,64}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_STATUS_OF = {
    "requires_payment_method": ChargeStatus.CREATED,
    "requires_confirmation": ChargeStatus.CREATED,
    "requires_action": ChargeStatus.REDIRECTED,
    "processing": ChargeStatus.PROCESSING,
    "succeeded": ChargeStatus.CAPTURED,
    "canceled": ChargeStatus.CANCELLED,
}
_NOT_PERMITTED = 403
# A failed try is no end, the buyer may take another card: the intent itself is asked.
_KIND_OF = {
    "payment_intent.succeeded": WebhookKind.SUCCEEDED,
    "payment_intent.payment_failed": WebhookKind.CHANGED,
    "payment_intent.canceled": WebhookKind.FAILED,
    "charge.refunded": WebhookKind.REFUNDED,
}


class Stripe:
    name = "stripe"

    def __init__(
        self,
        company: Company,
        *,
        publishable_key: str,
        webhook_secret: str,
        tolerance_seconds: int,
    ) -> None:
        self._company = company
        self._publishable_key = publishable_key
        self._webhook_key = webhook_secret.encode()
        self._tolerance_seconds = tolerance_seconds

    def check_details(
        self,
        charge: Charge,  # noqa: ARG002 # the protocol's
        details: Mapping[str, Any],
    ) -> None:
        method = details.get("payment_method")
        if method is not None and not _ID.fullmatch(method):
            raise Invalid.at(("body", "payment_method"), "is not a payment method of Stripe's")

    async def fingerprint(self, details: Mapping[str, Any]) -> str | None:
        """Of a card that is sent to us; what its page confirms, Stripe captures at once."""
        method = details.get("payment_method")
        if method is None:
            return None
        answer = await self._company.get(f"/v1/payment_methods/{method}")
        card = answer.body.get("card") if answer.is_success else None
        return card.get("fingerprint") if isinstance(card, dict) else None

    def introduce(self, charge: Charge) -> None:
        """Its page needs a client secret, which only Stripe has."""

    async def create(self, charge: Charge) -> ChargeState:
        form = {
            "amount": str(charge.amount_minor),
            "currency": charge.currency.lower(),
            "automatic_payment_methods[enabled]": "true",
            "metadata[payment_id]": str(charge.payment_id),
        }
        answer = await self._company.post(
            "/v1/payment_intents", form=form, idempotency_key=str(charge.payment_id)
        )
        return self._read(answer)

    async def confirm(self, charge: Charge, details: Mapping[str, Any]) -> ChargeState:
        """With a payment method we confirm; without, the page has, and the intent tells."""
        state = await self.fetch(charge)
        method = details.get("payment_method")
        if method is not None and state.status is ChargeStatus.CREATED:
            form = {"payment_method": method}
            if charge.return_url:
                form["return_url"] = charge.return_url
            answer = await self._company.post(
                f"/v1/payment_intents/{state.provider_payment_id}/confirm",
                form=form,
                idempotency_key=f"{charge.payment_id}:confirm",
            )
            # A declined card is an error of theirs that says no more than the intent does.
            state = self._read(answer) if answer.is_success else await self.fetch(charge)
        if state.status is ChargeStatus.CREATED and state.failure_code is not None:
            return await self._give_up(charge, state)
        return state

    async def fetch(self, charge: Charge) -> ChargeState:
        if charge.provider_payment_id is None:
            return await self.create(charge)
        path = f"/v1/payment_intents/{charge.provider_payment_id}"
        return self._read(await self._company.get(path))

    async def cancel(self, charge: Charge) -> ChargeState:
        state = await self.fetch(charge)
        answer = await self._company.post(
            f"/v1/payment_intents/{state.provider_payment_id}/cancel",
            form={"cancellation_reason": "abandoned"},
            idempotency_key=f"{charge.payment_id}:cancel",
        )
        return self._read(answer) if answer.is_success else await self.fetch(charge)

    async def refund(self, charge: Charge, refund_id: UUID, amount_minor: int) -> str | None:
        intent_id = charge.provider_payment_id or (await self.fetch(charge)).provider_payment_id
        form = {
            "payment_intent": intent_id,
            "amount": str(amount_minor),
            "metadata[refund_id]": str(refund_id),
        }
        answer = await self._company.post("/v1/refunds", form=form, idempotency_key=str(refund_id))
        if answer.status == _NOT_PERMITTED:
            raise CompanyFault("our key may not refund")
        refused = not answer.is_success or answer.body.get("status") in ("failed", "canceled")
        return None if refused else str(answer.body["id"])

    async def parse_webhook(self, headers: Mapping[str, str], raw: bytes, now: datetime) -> Webhook:
        self._verify(headers.get("stripe-signature", ""), raw, now)
        try:
            event = orjson.loads(raw)
            event_id, said = event["id"], event["data"]["object"]
            payment_id, currency = said["metadata"].get("payment_id"), said["currency"]
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise WebhookRefused("The body is not an event about a payment.") from error
        if not isinstance(event_id, str) or not _ID.fullmatch(event_id):
            raise WebhookRefused("The event has no id.")
        return Webhook(
            id=event_id,
            kind=_KIND_OF.get(str(event.get("type")), WebhookKind.OTHER),
            payment_id=parse_id(payment_id) if isinstance(payment_id, str) else None,
            amount_minor=said.get("amount_received"),
            currency=str(currency).upper(),
        )

    async def aclose(self) -> None:
        await self._company.aclose()

    async def _give_up(self, charge: Charge, declined: ChargeState) -> ChargeState:
        """A declined intent would take another card: it is cancelled, so that failed is final."""
        state = await self.cancel(charge)
        if state.status is not ChargeStatus.CANCELLED:
            return state
        return ChargeState(
            status=ChargeStatus.DECLINED,
            provider_payment_id=state.provider_payment_id,
            amount_minor=state.amount_minor,
            currency=state.currency,
            failure_code=declined.failure_code,
        )

    def _read(self, answer: CompanyAnswer) -> ChargeState:
        intent = answer.body
        status = _STATUS_OF.get(str(intent.get("status")))
        if not answer.is_success or status is None:
            raise CompanyFault(f"no intent to be read: {answer.status}")
        client = {
            "publishable_key": self._publishable_key,
            "client_secret": str(intent.get("client_secret")),
        }
        leave = ((intent.get("next_action") or {}).get("redirect_to_url") or {}).get("url")
        if isinstance(leave, str):
            client["redirect_url"] = leave
        captured = status is ChargeStatus.CAPTURED
        return ChargeState(
            status=status,
            provider_payment_id=str(intent["id"]),
            amount_minor=int(intent["amount_received" if captured else "amount"]),
            currency=str(intent["currency"]).upper(),
            failure_code=_failure_code(intent.get("last_payment_error")),
            client=client,
        )

    def _verify(self, header: str, raw: bytes, now: datetime) -> None:
        """``t=…,v1=…``: HMAC-SHA256 over ``t.body``, hexadecimal; WebhookRefused unless good."""
        parts = [part.strip().partition("=") for part in header.split(",")[:16]]
        stamps = [value for name, _, value in parts if name == "t"]
        if len(stamps) != 1 or not _TIMESTAMP.fullmatch(stamps[0]):
            raise WebhookRefused("Stripe-Signature is missing or malformed.")
        if abs(now.timestamp() - int(stamps[0])) > self._tolerance_seconds:
            raise WebhookRefused("Stripe-Signature is too far from now.")
        expected = hmac.digest(self._webhook_key, f"{stamps[0]}.".encode() + raw, sha256).hex()
        given = [value for name, _, value in parts if name == "v1"]
        matches = [hmac.compare_digest(expected.encode(), one.encode()) for one in given]
        if not any(matches):
            raise WebhookRefused("Stripe-Signature does not match.")


def _failure_code(error: object) -> str | None:
    if not isinstance(error, dict):
        return None
    code = str(error.get("decline_code") or error.get("code"))
    return code if _CODE.fullmatch(code) else "declined"
