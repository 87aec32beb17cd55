"""A payment company that does as a test tells it, and loses answers before or after the deed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import orjson

from tiketi.payments.providers.protocol import (
    Charge,
    ChargeState,
    ChargeStatus,
    Webhook,
    WebhookKind,
)


class Fault(StrEnum):
    NONE = "none"
    BEFORE = "before"
    AFTER = "after"


@dataclass
class Book:
    charge: Charge
    status: ChargeStatus = ChargeStatus.CREATED
    captures: int = 0
    refunds: dict[UUID, int] = field(default_factory=dict)

    @property
    def refunded_minor(self) -> int:
        return sum(self.refunds.values())


class Moody:
    """``outcome`` is what the next confirmation comes to, ``fault`` what befalls the next call."""

    name = "moody"

    def __init__(self) -> None:
        self.books: dict[UUID, Book] = {}
        self.outcome = ChargeStatus.CAPTURED
        self.fault = Fault.NONE

    async def aclose(self) -> None:
        """It has no connections."""

    def check_details(self, charge: Charge, details: Mapping[str, Any]) -> None:
        """Anything will do."""

    async def fingerprint(self, details: Mapping[str, Any]) -> None:
        """It tells no card from another."""

    def introduce(self, charge: Charge) -> None:
        """It has to be asked."""

    async def create(self, charge: Charge) -> ChargeState:
        return self._state(self._book(charge))

    async def confirm(self, charge: Charge, details: Mapping[str, Any]) -> ChargeState:
        fault, self.fault = self.fault, Fault.NONE
        await self._travel(fault is Fault.BEFORE)
        book = self._book(charge)
        if book.status is ChargeStatus.CREATED:
            self.decide(book, self.outcome)
        await self._travel(fault is Fault.AFTER)
        return self._state(book)

    async def fetch(self, charge: Charge) -> ChargeState:
        await self._travel(False)
        return self._state(self._book(charge))

    async def cancel(self, charge: Charge) -> ChargeState:
        await self._travel(False)
        book = self._book(charge)
        if book.status in (ChargeStatus.CREATED, ChargeStatus.REDIRECTED):
            book.status = ChargeStatus.CANCELLED
        return self._state(book)

    async def refund(self, charge: Charge, refund_id: UUID, amount_minor: int) -> str | None:
        fault, self.fault = self.fault, Fault.NONE
        await self._travel(fault is Fault.BEFORE)
        book = self._book(charge)
        if refund_id not in book.refunds:
            if book.refunded_minor + amount_minor > charge.amount_minor * book.captures:
                return None
            book.refunds[refund_id] = amount_minor
        await self._travel(fault is Fault.AFTER)
        return refund_id.hex

    async def parse_webhook(self, headers: Mapping[str, str], raw: bytes, now: datetime) -> Webhook:
        said = orjson.loads(raw)
        return Webhook(
            id=said["id"],
            kind=WebhookKind(said["kind"]),
            payment_id=UUID(said["payment_id"]),
            amount_minor=said["amount"],
            currency=said["currency"],
        )

    def decide(self, book: Book, status: ChargeStatus) -> None:
        book.status = status
        book.captures += status is ChargeStatus.CAPTURED

    def settle_all(self, status: ChargeStatus) -> None:
        """What was under way is decided now."""
        for book in self.books.values():
            if book.status in (ChargeStatus.PROCESSING, ChargeStatus.REDIRECTED):
                self.decide(book, status)

    def webhooks(self) -> list[bytes]:
        """What there is to say: the truth of every charge that is decided."""
        kinds = {
            ChargeStatus.CAPTURED: WebhookKind.SUCCEEDED,
            ChargeStatus.DECLINED: WebhookKind.FAILED,
        }
        return [
            orjson.dumps(
                {
                    "id": str(uuid4()),
                    "kind": kinds[book.status],
                    "payment_id": str(payment_id),
                    "amount": book.charge.amount_minor,
                    "currency": book.charge.currency,
                }
            )
            for payment_id, book in self.books.items()
            if book.status in kinds
        ]

    def _book(self, charge: Charge) -> Book:
        return self.books.setdefault(charge.payment_id, Book(charge))

    def _state(self, book: Book) -> ChargeState:
        redirected = book.status is ChargeStatus.REDIRECTED
        return ChargeState(
            status=book.status,
            provider_payment_id=f"moody_{book.charge.payment_id.hex}",
            amount_minor=book.charge.amount_minor,
            currency=book.charge.currency,
            failure_code="moody" if book.status is ChargeStatus.DECLINED else None,
            client={"redirect_url": "https://moody.test"} if redirected else {},
        )

    async def _travel(self, is_lost: bool) -> None:
        await asyncio.sleep(0.001)
        if is_lost:
            raise ConnectionResetError
