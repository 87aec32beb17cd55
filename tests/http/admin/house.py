"""A house with its crew: halls and events made over the admin service's own calls."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from tests.support.client import Client
from tests.support.paying import Buyer
from tiketi.auth import api as auth
from tiketi.events import api as events
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.clock import rfc3339
from tiketi.kernel.ids import new_id

HALL: dict[str, Any] = {
    "name": "올림픽홀",
    "sections": [
        {"name": "VIP", "rows": 2, "seats_per_row": 5, "price": 150_000},
        {"name": "A", "title": "A 구역", "rows": 4, "seats_per_row": 5, "price": 90_000},
    ],
}
STANDING = {"name": "Standing", "price": 50_000, "kind": "general", "capacity": 30}


@dataclass
class Crew:
    """One member: what they may, with a token of an account that exists."""

    client: Client
    actor: Actor

    @property
    def token(self) -> str:
        actor = self.actor
        return self.client.token(actor.user_id, role=actor.role, generation=actor.generation)

    @property
    def id(self) -> str:
        return str(self.actor.user_id)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.get(f"/admin{path}", token=self.token, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return await self.client.post(f"/admin{path}", json, token=self.token, **options)

    async def put(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return await self.client.put(f"/admin{path}", json, token=self.token, **options)

    async def delete(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.delete(f"/admin{path}", token=self.token, **options)

    async def make_layout(self, **changes: Any) -> dict[str, Any]:
        return made(await self.post("/layouts", {**HALL, **changes}))

    async def make_event(self, *, publish: bool = False, **changes: Any) -> dict[str, Any]:
        """A draft with the hall's seats and a standing tier, or a published one."""
        if "layout_id" not in changes:
            changes["layout_id"] = (await self.make_layout())["id"]
        event = made(await self.post("/events", self.event_body(**changes)))
        if publish:
            answer = await self.post(f"/events/{event['id']}/publish")
            assert answer.status_code == 200, answer.text
            event = answer.json()
        return event

    def event_body(self, **changes: Any) -> dict[str, Any]:
        """What may be posted: an event on sale for 20 days. A change to None leaves a field out."""
        now = self.client.runtime.clock.now()
        body = {
            "title": "봄의 콘서트",
            "artist": "한강",
            "description": "두 시간",
            "venue": {"name": "올림픽홀", "address": "서울 송파구", "timezone": "Asia/Seoul"},
            "starts_at": rfc3339(now + timedelta(days=30)),
            "sale_opens_at": rfc3339(now - timedelta(hours=1)),
            "sale_closes_at": rfc3339(now + timedelta(days=20)),
            "currency": "KRW",
            "poster_url": "https://example.com/poster.jpg",
            "limits": {"seats_per_order": 4, "seats_per_user": 8},
            "tiers": [STANDING],
            **changes,
        }
        return {name: value for name, value in body.items() if value is not None}

    async def refund(self, reservation_id: str, amount: int | None = None) -> httpx.Response:
        return await self.post(
            f"/reservations/{reservation_id}/refund",
            {} if amount is None else {"amount": amount},
            headers={"Idempotency-Key": str(new_id())},
        )


async def enrol(client: Client, *emails: str) -> list[UUID]:
    """Accounts named after their addresses."""
    async with client.runtime.database.transaction() as tx:
        return await auth.enrol_users(tx, emails=emails, now=client.runtime.clock.now())


async def hire(client: Client, role: Role, name: str) -> Crew:
    (user_id,) = await enrol(client, f"{name}@tiketi.test")
    async with client.runtime.database.transaction() as tx:
        account = await auth.set_role(tx, user_id, role)
    return Crew(client, account.actor)


async def buyer_of(client: Client, event: dict[str, Any], email: str) -> Buyer:
    """Somebody with an account, at an event made over HTTP."""
    (user_id,) = await enrol(client, email)
    async with client.runtime.database.latest() as reader:
        found = await events.get_event(reader, UUID(event["id"]))
    return Buyer(client, found, user_id)


def made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
