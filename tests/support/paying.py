"""Buyers who pay, a provider that signs, and an audit of both their books."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
from sqlalchemy import text

from tests.support.client import Client
from tests.support.clock import ShiftedClock
from tiketi.events import api as events
from tiketi.infra.runtime import Runtime
from tiketi.kernel.ids import new_id
from tiketi.payments import api as payments
from tiketi.payments.providers.sandbox.key import WebhookKey
from tiketi.payments.providers.standard_webhooks import signed_headers
from tiketi.reservations import api as reservations
from tiketi.reservations.loops import sweep
from tiketi.seats.api import CLAIM_INVARIANTS
from tiketi.tickets.api import INVARIANTS as TICKET_INVARIANTS

GOOD = "4242424242424242"
DECLINED = "4000000000000002"
INSUFFICIENT = "4000000000009995"
REDIRECT = "4000000000003220"
WEBHOOK_LATER = "4000000000000259"
WEBHOOK_NEVER = "4000000000000341"
TIMES_OUT = "4000000000000119"

AWAIT_SECONDS = 20

# Where the provider's books say captured, ours say tickets or all of it back: one of the two.
_UNFAIR = text("""
    SELECT count(*) FROM sandbox.charge AS c
    JOIN payments.payment AS p ON p.id = c.payment_id
    JOIN reservations.reservation AS r ON r.id = p.reservation_id
    WHERE c.status = 'captured' AND p.status <> 'requires_action'
        AND NOT (p.status = 'partially_refunded' AND p.released_at IS NOT NULL) AND (
        (p.status IN ('succeeded', 'partially_refunded') AND p.released_at IS NULL
            AND r.status = 'confirmed' AND EXISTS (SELECT 1 FROM tickets.ticket AS t
                WHERE t.reservation_id = r.id AND t.status <> 'void'))
        = (p.status = 'refunded' AND c.refunded_minor = c.amount_minor))""")
_UNPAID_TICKETS = text("""
    SELECT count(*) FROM tickets.ticket AS t WHERE t.status <> 'void' AND NOT EXISTS (
        SELECT 1 FROM payments.payment AS p WHERE p.reservation_id = t.reservation_id
            AND p.status IN ('succeeded', 'partially_refunded') AND p.released_at IS NULL)""")
_BOOKS_DIFFER = text("""
    SELECT count(*) FROM sandbox.charge AS c JOIN payments.payment AS p ON p.id = c.payment_id
    WHERE c.refunded_minor <> p.refunded_minor""")


@dataclass
class Buyer:
    """One account with its calls on one event."""

    client: Client
    event: events.Event
    user_id: UUID = field(default_factory=new_id)

    @property
    def token(self) -> str:
        return self.client.token(self.user_id)

    async def reserve(self, *seat_ids: str, general: list[dict[str, Any]] | None = None) -> str:
        body: dict[str, Any] = {"event_id": str(self.event.id), "seat_ids": list(seat_ids)}
        if general:
            body["general"] = general
        answer = await self.client.post(
            "/reservations", body, token=self.token, headers={"Idempotency-Key": str(uuid4())}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def try_start(self, reservation_id: str, **more: Any) -> httpx.Response:
        key = more.pop("key", str(uuid4()))
        return await self.client.post(
            "/payments",
            {"reservation_id": reservation_id, **more},
            token=self.token,
            headers={"Idempotency-Key": key},
        )

    async def start(self, reservation_id: str, **more: Any) -> dict[str, Any]:
        answer = await self.try_start(reservation_id, **more)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def begin(self, *seat_ids: str) -> dict[str, Any]:
        """A payment for fresh seats, not yet confirmed."""
        return await self.start(await self.reserve(*seat_ids))

    async def confirm(self, payment: dict[str, Any], card: str | None = GOOD) -> httpx.Response:
        body = {} if card is None else {"card": {"number": card}}
        return await self.client.post(f"/payments/{payment['id']}/confirm", body, token=self.token)

    async def buy(self, *seat_ids: str) -> dict[str, Any]:
        """A payment that succeeded."""
        answer = await self.confirm(await self.begin(*seat_ids))
        assert answer.json()["status"] == "succeeded", answer.text
        return dict(answer.json())

    async def look(self, payment: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.get(f"/payments/{payment['id']}", token=self.token)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def await_status(self, payment: dict[str, Any], statuses: set[str]) -> None:
        async with asyncio.timeout(AWAIT_SECONDS):
            while (await self.look(payment))["status"] not in statuses:  # noqa: ASYNC110 # of another process
                await asyncio.sleep(0.01)

    async def look_at_reservation(self, payment: dict[str, Any]) -> dict[str, Any]:
        path = f"/reservations/{payment['reservation_id']}"
        return dict((await self.client.get(path, token=self.token)).json())

    async def ticket_statuses(self, payment: dict[str, Any]) -> list[str]:
        path = f"/reservations/{payment['reservation_id']}/tickets"
        answer = await self.client.get(path, token=self.token)
        return [ticket["status"] for ticket in answer.json().get("items", [])]

    async def refund(
        self,
        payment: dict[str, Any],
        amount: int | None = None,
        *,
        key: str | None = None,
        token: str | None = None,
    ) -> httpx.Response:
        return await self.client.post(
            f"/payments/{payment['id']}/refund",
            {} if amount is None else {"amount": amount},
            token=token or self.token,
            headers={"Idempotency-Key": key or str(uuid4())},
        )


def message(payment: dict[str, Any], kind: str = "payment.succeeded", **changes: Any) -> bytes:
    """A webhook's body, as the sandbox would write it."""
    data = {
        "payment_id": payment["id"],
        "provider_payment_id": "sbx_test",
        "amount": payment["amount"],
        "currency": payment["currency"],
        **changes,
    }
    return orjson.dumps({"type": kind, "timestamp": "2026-11-22T00:00:00Z", "data": data})


async def send_webhook(
    client: Client,
    body: bytes,
    *,
    webhook_id: str | None = None,
    seconds_off: float = 0,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """Post a signed webhook; ``headers`` replace the right ones."""
    runtime = client.runtime
    key = runtime.one(WebhookKey).secret_bytes
    clock = ShiftedClock()
    clock.advance(seconds=seconds_off + (runtime.clock.now() - clock.now()).total_seconds())
    signed = signed_headers(key, webhook_id or f"msg_{uuid4()}", clock.now(), body)
    return await client.post(
        "/payments/webhooks/sandbox",
        content=body,
        headers={**signed, "Content-Type": "application/json", **(headers or {})},
    )


async def expire_hold(runtime: Runtime, reservation_id: str) -> None:
    """The hold's time is over, and a sweeper has noticed."""
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text("""
                UPDATE reservations.reservation SET expires_at = now() - interval '1 second'
                WHERE id = :id AND status = 'pending'"""),
            {"id": reservation_id},
        )
    await sweep(runtime)


async def audit(runtime: Runtime) -> list[str]:
    """What does not add up: broken invariants, unfair ends, books that differ."""
    invariants = (
        *payments.INVARIANTS,
        *reservations.INVARIANTS,
        *TICKET_INVARIANTS,
        *CLAIM_INVARIANTS,
    )
    async with runtime.database.snapshot() as reader:
        wrong = [each.name for each in invariants if await each.violations(reader)]
        for name, query in (
            ("neither tickets nor the money back, or both", _UNFAIR),
            ("tickets that nobody paid", _UNPAID_TICKETS),
            ("refunds differ from the provider's", _BOOKS_DIFFER),
        ):
            if (await reader.execute(query)).scalar_one():
                wrong.append(name)
    return wrong


async def count_rows(runtime: Runtime, table: str) -> int:
    async with runtime.database.latest() as reader:
        found = await reader.execute(text(f"SELECT count(*) FROM {table}"))  # a test's own table
        return int(found.scalar_one())
