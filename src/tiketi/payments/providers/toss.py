"""Toss Payments: the buyer approves in its window, and our confirmation takes the money.

Reference: https://docs.tosspayments.com/reference (version 2022-11-16). Our payment's id is its
``orderId``, by which everything can be looked up; ``paymentKey`` comes from the window.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from tiketi.kernel.errors import Invalid
from tiketi.kernel.ids import parse_id
from tiketi.kernel.money import MINOR_DIGITS
from tiketi.payments.errors import WebhookRefused
from tiketi.payments.providers.company import Company, CompanyAnswer, CompanyFault
from tiketi.payments.providers.protocol import (
    Charge,
    ChargeState,
    ChargeStatus,
    Webhook,
    WebhookKind,
)

_PAYMENT_KEY = re.compile(r"[A-Za-z0-9_-]{1,200}")
_CODE = re.compile(r"[A-Z0-9_]{1,64}")
_STATUS_OF = {
    "READY": ChargeStatus.CREATED,
    "IN_PROGRESS": ChargeStatus.CREATED,  # approved by the buyer, not confirmed by us
    "WAITING_FOR_DEPOSIT": ChargeStatus.PROCESSING,
    "DONE": ChargeStatus.CAPTURED,
    "CANCELED": ChargeStatus.CAPTURED,  # refunds are counted by us
    "PARTIAL_CANCELED": ChargeStatus.CAPTURED,
    "ABORTED": ChargeStatus.DECLINED,
    "EXPIRED": ChargeStatus.CANCELLED,
}
# Refusals that say nothing about the charge itself.
_FAULTS = frozenset(
    {
        "FORBIDDEN_CONSECUTIVE_REQUEST",
        "FORBIDDEN_REQUEST",
        "INVALID_API_KEY",
        "PROVIDER_ERROR",
        "UNAUTHORIZED_KEY",
    }
)
_ALREADY_CONFIRMED = "ALREADY_PROCESSED_PAYMENT"
_NOT_FOUND = 404


class Toss:
    name = "toss"

    def __init__(self, company: Company, client_key: str) -> None:
        self._company = company
        self._client_key = client_key

    def check_details(self, charge: Charge, details: Mapping[str, Any]) -> None:
        key = details.get("payment_key")
        if not isinstance(key, str) or not _PAYMENT_KEY.fullmatch(key):
            raise Invalid.at(("body", "payment_key"), "Toss Payments needs its paymentKey")
        if details.get("order_id", _order_id(charge)) != _order_id(charge):
            raise Invalid.at(("body", "order_id"), "is not this payment's")
        if details.get("amount", charge.amount_minor) != charge.amount_minor:
            raise Invalid.at(("body", "amount"), "is not this payment's")

    async def fingerprint(
        self,
        details: Mapping[str, Any],  # the protocol's
    ) -> None:
        """It shows no more of a card than a few digits, and those only once it has paid."""

    def introduce(self, charge: Charge) -> ChargeState:
        return self._state(charge, ChargeStatus.CREATED, None)

    async def create(self, charge: Charge) -> ChargeState:
        return self.introduce(charge)

    async def confirm(self, charge: Charge, details: Mapping[str, Any]) -> ChargeState:
        key = details["payment_key"]
        asked = {
            "paymentKey": key,
            "orderId": _order_id(charge),
            "amount": _amount(charge.amount_minor, charge.currency),
        }
        answer = await self._company.post(
            "/v1/payments/confirm", json=asked, idempotency_key=str(charge.payment_id)
        )
        if answer.is_success:
            return self._read(charge, answer)
        code = _code(answer.body)
        if code == _ALREADY_CONFIRMED:
            return await self.fetch(charge)
        return self._state(charge, ChargeStatus.DECLINED, key, failure_code=code.lower())

    async def fetch(self, charge: Charge) -> ChargeState:
        answer = await self._company.get(f"/v1/payments/orders/{_order_id(charge)}")
        if answer.status == _NOT_FOUND:
            return self._state(charge, ChargeStatus.CREATED, None)
        return self._read(charge, answer)

    async def cancel(self, charge: Charge) -> ChargeState:
        """What the buyer has not approved nobody can capture. What they have approved expires by
        itself within minutes: until it has, a confirmation that is under way may still arrive.
        """
        answer = await self._company.get(f"/v1/payments/orders/{_order_id(charge)}")
        if answer.status == _NOT_FOUND or answer.body.get("status") == "READY":
            return self._state(charge, ChargeStatus.CANCELLED, None)
        return self._read(charge, answer)

    async def refund(self, charge: Charge, refund_id: UUID, amount_minor: int) -> str | None:
        key = charge.provider_payment_id
        if key is None or key == _order_id(charge):
            key = (await self.fetch(charge)).provider_payment_id
        answer = await self._company.post(
            f"/v1/payments/{key}/cancel",
            json={
                "cancelReason": "refund",
                "cancelAmount": _amount(amount_minor, charge.currency),
            },
            idempotency_key=str(refund_id),
        )
        if not answer.is_success:
            _code(answer.body)
            return None
        return str(answer.body.get("lastTransactionKey") or refund_id)

    async def parse_webhook(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 # the protocol's
        raw: bytes,
        now: datetime,  # noqa: ARG002 # the protocol's
    ) -> Webhook:
        """They are not signed, so they are believed no more than that there is something to ask."""
        try:
            order_id = orjson.loads(raw)["data"]["orderId"]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise WebhookRefused("The body is not a message of Toss Payments.") from error
        payment_id = parse_id(order_id) if isinstance(order_id, str) else None
        return Webhook(id="", kind=WebhookKind.CHANGED, payment_id=payment_id)

    async def aclose(self) -> None:
        await self._company.aclose()

    def _read(self, charge: Charge, answer: CompanyAnswer) -> ChargeState:
        body = answer.body
        status = _STATUS_OF.get(str(body.get("status")))
        if not answer.is_success or status is None:
            raise CompanyFault(f"no payment to be read: {body.get('code') or body.get('status')}")
        failure = body.get("failure")
        failure_code = _code(failure).lower() if isinstance(failure, dict) else None
        currency = str(body.get("currency"))
        return ChargeState(
            status=status,
            provider_payment_id=str(body.get("paymentKey") or _order_id(charge)),
            amount_minor=_minor(body.get("totalAmount"), currency),
            currency=currency,
            failure_code=failure_code,
            client=self._client(charge),
        )

    def _state(
        self,
        charge: Charge,
        status: ChargeStatus,
        payment_key: str | None,
        *,
        failure_code: str | None = None,
    ) -> ChargeState:
        return ChargeState(
            status=status,
            provider_payment_id=payment_key or _order_id(charge),
            amount_minor=charge.amount_minor,
            currency=charge.currency,
            failure_code=failure_code,
            client=self._client(charge),
        )

    def _client(self, charge: Charge) -> dict[str, str]:
        return {"client_key": self._client_key, "order_id": _order_id(charge)}


def _order_id(charge: Charge) -> str:
    return str(charge.payment_id)


def _amount(amount_minor: int, currency: str) -> int | float:
    """In the currency's main unit, as Toss counts."""
    digits = MINOR_DIGITS[currency]
    return amount_minor if digits == 0 else amount_minor / 10**digits


def _minor(amount: object, currency: str) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise CompanyFault("a payment without an amount")
    return round(amount * 10.0 ** MINOR_DIGITS.get(currency, 0))


def _code(body: Mapping[str, Any]) -> str:
    """The refusal's code; CompanyFault for one that decides nothing."""
    code = str(body.get("code"))
    if code in _FAULTS or not _CODE.fullmatch(code):
        raise CompanyFault(f"refused by {code[:64]!r}")
    return code
