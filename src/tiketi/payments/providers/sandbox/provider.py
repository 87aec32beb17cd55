"""The sandbox as an adapter: what a company's API client would be, without the wire."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Invalid
from tiketi.payments.providers.protocol import (
    Charge,
    ChargeState,
    ChargeStatus,
    Webhook,
    WebhookKind,
)
from tiketi.payments.providers.sandbox.books import (
    OPEN_STATUSES,
    BookStatus,
    Entry,
    book_refund,
    new_charge_id,
    open_entry,
    tell,
    write_entry,
)
from tiketi.payments.providers.sandbox.cards import Deed, find_card
from tiketi.payments.providers.sandbox.confirmations import Confirmation, Confirmations
from tiketi.payments.providers.sandbox.key import KEY_BYTES, WebhookKey
from tiketi.payments.providers.sandbox.page import page_url
from tiketi.payments.providers.sandbox.webhooks import read_webhook

PROCESSING_SECONDS = 5.0
# Longer than any caller's patience.
HANG_SECONDS = 120.0

_STATUS_OF = {
    BookStatus.CREATED: ChargeStatus.CREATED,
    BookStatus.REDIRECT: ChargeStatus.REDIRECTED,
    BookStatus.PROCESSING: ChargeStatus.PROCESSING,
    BookStatus.CAPTURED: ChargeStatus.CAPTURED,
    BookStatus.DECLINED: ChargeStatus.DECLINED,
    BookStatus.CANCELLED: ChargeStatus.CANCELLED,
}
_STATUS_AFTER = {
    Deed.CAPTURE: BookStatus.CAPTURED,
    Deed.CAPTURE_IN_SILENCE: BookStatus.CAPTURED,
    Deed.CAPTURE_LATER: BookStatus.PROCESSING,
    Deed.DECLINE: BookStatus.DECLINED,
    Deed.REDIRECT: BookStatus.REDIRECT,
}
_ECHO_OF = {Deed.CAPTURE: WebhookKind.SUCCEEDED, Deed.DECLINE: WebhookKind.FAILED}
_FORM = {"form": "card"}


class Sandbox:
    """Opens transactions of its own: it is another company, whoever calls it."""

    name = "sandbox"

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        settings = runtime.settings
        self._key = runtime.one(WebhookKey).secret_bytes
        self._confirmations = runtime.one(Confirmations)
        self._tolerance_seconds = settings.webhook_tolerance_seconds

    def check_details(
        self,
        charge: Charge,  # noqa: ARG002 # the protocol's
        details: Mapping[str, Any],
    ) -> None:
        card = details.get("card")
        if card is None:
            raise Invalid.at(("body", "card"), "the sandbox needs a card", "missing")
        find_card(card["number"])

    async def fingerprint(self, details: Mapping[str, Any]) -> str:
        number = "".join(details["card"]["number"].split())
        return blake2b(number.encode(), key=self._key[:KEY_BYTES], digest_size=16).hexdigest()

    def introduce(self, charge: Charge) -> ChargeState:
        """Enough to begin with: it enters the books at the first call that asks more."""
        return ChargeState(
            status=ChargeStatus.CREATED,
            provider_payment_id=charge.provider_payment_id or new_charge_id(),
            amount_minor=charge.amount_minor,
            currency=charge.currency,
            client=_FORM,
        )

    async def create(self, charge: Charge) -> ChargeState:
        return await self.fetch(charge)

    async def confirm(self, charge: Charge, details: Mapping[str, Any]) -> ChargeState:
        card = find_card(details["card"]["number"])
        if card.deed is Deed.HANG:
            await asyncio.sleep(HANG_SECONDS)
            return await self.fetch(charge)
        now, status = self._runtime.clock.now(), _STATUS_AFTER[card.deed]
        settles_at = now + timedelta(seconds=PROCESSING_SECONDS)
        confirmation = Confirmation(
            charge,
            status,
            failure_code=card.failure_code,
            settles_at=settles_at if status is BookStatus.PROCESSING else None,
            echo=_ECHO_OF.get(card.deed),
        )
        entry = await self._confirmations.confirm(confirmation)
        if entry is None:
            return await self.fetch(charge)
        state = self._state(entry)
        is_silent = card.deed is Deed.CAPTURE_IN_SILENCE
        return replace(state, status=ChargeStatus.PROCESSING) if is_silent else state

    async def fetch(self, charge: Charge) -> ChargeState:
        async with self._runtime.database.transaction() as tx:
            return self._state(await open_entry(tx, charge, self._runtime.clock.now()))

    async def cancel(self, charge: Charge) -> ChargeState:
        async with self._runtime.database.transaction() as tx:
            entry = await open_entry(tx, charge, self._runtime.clock.now())
            if entry.status in OPEN_STATUSES:
                await write_entry(tx, entry, BookStatus.CANCELLED)
                entry = replace(entry, status=BookStatus.CANCELLED)
        return self._state(entry)

    async def refund(self, charge: Charge, refund_id: UUID, amount_minor: int) -> str | None:
        now = self._runtime.clock.now()
        async with self._runtime.database.transaction() as tx:
            entry = await open_entry(tx, charge, now)
            if not await book_refund(tx, entry, refund_id, amount_minor):
                return None
            await tell(
                tx, entry, WebhookKind.REFUNDED, amount_minor=amount_minor, is_echo=True, now=now
            )
        return f"sbr_{refund_id.hex}"

    async def parse_webhook(self, headers: Mapping[str, str], raw: bytes, now: datetime) -> Webhook:
        return read_webhook(
            self._key, headers, raw, now=now, tolerance_seconds=self._tolerance_seconds
        )

    async def aclose(self) -> None:
        """It has no connections of its own."""

    def _state(self, entry: Entry) -> ChargeState:
        client = _FORM
        if entry.status is BookStatus.REDIRECT:
            client = {"redirect_url": page_url(self._runtime.settings.public_url, entry.id)}
        return ChargeState(
            status=_STATUS_OF[entry.status],
            provider_payment_id=entry.id,
            amount_minor=entry.amount_minor,
            currency=entry.currency,
            failure_code=entry.failure_code,
            client=client,
        )
