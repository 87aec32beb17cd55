"""The hello of a WebSocket, and who may follow an event."""

import asyncio
from typing import Any
from uuid import UUID

import orjson

from tiketi.events.api import EventCache
from tiketi.infra.http.dispatch import WAITING_PER_MINUTE
from tiketi.infra.http.errors import RateLimited
from tiketi.infra.http.identity import actor_of_receipt, actor_of_token
from tiketi.infra.http.sockets import SocketCall
from tiketi.infra.rate_limit import Budget, Counts
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.errors import NotFound, Unauthenticated
from tiketi.queue.api import Receipt, read_claims

HELLO_SECONDS = 5.0
HELLO_BYTES_MAX = 4_096


async def greet(call: SocketCall) -> tuple[Actor, UUID, Receipt | None]:
    """Who it is, and which event they follow.

    Unauthenticated, RateLimited, NotFound; SocketGone when the client left.
    """
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            hello = await call.receive()
    except TimeoutError as error:
        raise Unauthenticated("No hello came in time.") from error
    event_id = call.path_id("event_id")
    actor, receipt = await _identify(call.runtime, _parse(hello), event_id)
    call.user_id = actor.user_id
    _spend_budget(call.runtime, actor)
    if event_id is None:
        raise NotFound
    await call.runtime.one(EventCache).get(event_id)
    return actor, event_id, receipt


def receipt_of(claims: dict[str, Any], text: str, event_id: UUID | None) -> Receipt:
    """A verified receipt; Unauthenticated for another event's."""
    proof = read_claims(claims)
    if proof is None or proof.event_id != event_id:
        raise Unauthenticated("The receipt is of another event.")
    return Receipt(text, proof)


def _parse(hello: bytes) -> dict[str, Any]:
    if len(hello) > HELLO_BYTES_MAX:
        raise Unauthenticated("The hello is too long.")
    try:
        said = orjson.loads(hello)
    except orjson.JSONDecodeError as error:
        raise Unauthenticated("The hello is not JSON.") from error
    if not isinstance(said, dict) or said.get("type") != "hello":
        raise Unauthenticated("The first message must be a hello.")
    return said


async def _identify(
    runtime: Runtime, hello: dict[str, Any], event_id: UUID | None
) -> tuple[Actor, Receipt | None]:
    token, text = hello.get("access_token"), hello.get("receipt")
    if isinstance(token, str):
        actor, _ = actor_of_token(runtime, token)
        if runtime.is_revoked is not None and await runtime.is_revoked(runtime, actor):
            raise Unauthenticated("The access token was revoked.")
        return actor, None
    if isinstance(text, str):
        actor, claims = actor_of_receipt(runtime, text)
        return actor, receipt_of(claims, text, event_id)
    raise Unauthenticated


def _spend_budget(runtime: Runtime, actor: Actor) -> None:
    """Connecting costs what asking for one's status does."""
    if not runtime.settings.rate_limit_enabled or actor.role is Role.ADMIN:
        return
    budget = Budget("waiting", f"{actor.user_id}", WAITING_PER_MINUTE)
    if not runtime.one(Counts).spend(budget).allowed:
        raise RateLimited
