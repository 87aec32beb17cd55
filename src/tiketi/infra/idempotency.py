"""Idempotency keys: the first decision is kept with the row it made, and given again.

A key belongs to a user, method and path. What the handler decided (2xx, 404, 409) is kept for 24
hours. The answer to a success commits in the same transaction as its effect, so a key can never
have had an effect twice; a marker in Redis only tells a retry that the first is still in flight.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from pydantic import BaseModel

from tiketi.infra import idempotency_store as store
from tiketi.infra.http.body import check_header_text
from tiketi.infra.http.call import Answer, Call
from tiketi.infra.http.errors import (
    IdempotencyInProgress,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
)
from tiketi.infra.idempotency_store import Answers, Kept, Key
from tiketi.infra.postgres import Reader, Tx
from tiketi.infra.problem import problem_document, status_of
from tiketi.kernel.errors import Kind, TiketiError, Unavailable

KEY_CHARACTERS_MAX = 255
_PROBLEM_TYPE = "application/problem+json"
_REPLAYED = ((b"idempotent-replayed", b"true"),)

Plan = Callable[[], Awaitable[Any]]
Decide = Callable[[Any, "Remember"], Awaitable[Answer]]
DecideByKey = Callable[[Key], Awaitable[bytes]]
FindByRow = Callable[[Reader, Key], Awaitable[Kept | None]]


@dataclass(frozen=True, slots=True)
class Remember:
    """Keeps the answer in the transaction that made it true; its last statement."""

    key: Key
    status: int
    ttl_seconds: int

    async def __call__(self, tx: Tx, view: BaseModel) -> Answer:
        body = view.model_dump_json().encode()
        kept = Kept(self.status, body, self.key.fingerprint)
        if not await store.keep(tx, self.key, kept, self.ttl_seconds):
            raise DecidedBefore
        return Answer(body, self.status)


class DecidedBefore(Exception):
    """Another request with the key was first: what it was answered, where that is known.

    A transaction that this is raised in must roll back.
    """

    def __init__(self, kept: Kept | None = None) -> None:
        super().__init__()
        self.kept = kept


class RefusedAnew(Exception):
    """What refuses is no earlier request with the key: the decision looked for one itself."""

    def __init__(self, refusal: TiketiError) -> None:
        super().__init__()
        self.refusal = refusal


async def once(call: Call[Any, Any], plan: Plan, decide: Decide, *, status: int) -> Answer:
    """Answer an idempotent call.

    ``plan`` looks (403, 404, 422) and changes nothing; ``decide`` takes its result, acts in
    transactions of its own, and hands the answer to ``Remember`` inside the last.
    """
    ttl_seconds = call.runtime.settings.idempotency_ttl_seconds

    async def decide_with(key: Key) -> Answer:
        return await _find(call, key, None) or await decide(
            await plan(), Remember(key, status, ttl_seconds)
        )

    return await _once(call, plan, decide_with, None)


async def once_by_key(
    call: Call[Any, Any],
    plan: Plan,
    decide: DecideByKey,
    find: FindByRow | None = None,
    *,
    status: int,
) -> Answer:
    """The same where the decision itself looks for the key.

    ``decide`` gives the answer's body once it and the key are committed, raises DecidedBefore where
    the key was answered before, and RefusedAnew where it was not. ``plan`` is for a call without a
    key, to hear what else is wrong with it. ``find`` looks for the key in the row that it made.
    """

    async def decide_with(key: Key) -> Answer:
        return Answer(await decide(key), status)

    return await _once(call, plan, decide_with, find)


async def _once(
    call: Call[Any, Any],
    plan: Plan,
    decide: Callable[[Key], Awaitable[Answer]],
    find: FindByRow | None,
) -> Answer:
    key = _key_of(call)
    if key is None:
        await plan()
        raise IdempotencyKeyRequired
    redis = call.runtime.redis
    if not await store.mark(redis, key, call.request_id):
        return await _find(call, key, find) or _in_progress()
    try:
        return await decide(key)
    except DecidedBefore as lost:
        replay = _replay(key, lost.kept) or await _find(call, key, find)
        if replay is None:
            raise Unavailable from lost
        return replay
    except RefusedAnew as known:
        await _keep_refusal(call, key, known.refusal)
        raise known.refusal from None
    except TiketiError as refusal:
        if refusal.kind is Kind.UNAVAILABLE or isinstance(refusal, IdempotencyKeyReused):
            raise
        # A pass may be spent since, or Redis may have lost the marker: then what refused us may be
        # our own first request.
        replay = await _find(call, key, find)
        if replay is not None:
            return replay
        await _keep_refusal(call, key, refusal)
        raise
    finally:
        await store.unmark(redis, key)


def _key_of(call: Call[Any, Any]) -> Key | None:
    given = call.request.headers.get("idempotency-key")
    if given is None or not 1 <= len(given) <= KEY_CHARACTERS_MAX:
        return None
    check_header_text(given, "Idempotency-Key")
    canonical = orjson.dumps(orjson.loads(call.raw or b"null"), option=orjson.OPT_SORT_KEYS)
    return Key(
        user_id=call.actor.user_id,
        method=call.request.method,
        path=call.request.scope["path"],
        key=given,
        fingerprint=sha256(canonical).digest(),
    )


async def _find(call: Call[Any, Any], key: Key, find: FindByRow | None) -> Answer | None:
    async with call.runtime.database.latest() as reader:
        ttl_seconds = call.runtime.settings.idempotency_ttl_seconds
        kept = await store.find(reader, key, ttl_seconds)
        if kept is None and find is not None:
            kept = await find(reader, key)
    return _replay(key, kept)


async def _keep_refusal(call: Call[Any, Any], key: Key, refusal: TiketiError) -> None:
    if refusal.kind in (Kind.NOT_FOUND, Kind.CONFLICT):
        body = orjson.dumps(problem_document(refusal, call.request_id))
        kept = Kept(status_of(refusal), body, key.fingerprint)
        await call.runtime.one(Answers).keep(key, kept)


def _replay(key: Key, kept: Kept | None) -> Answer | None:
    if kept is None:
        return None
    if kept.fingerprint != key.fingerprint:
        raise IdempotencyKeyReused
    media_type = "application/json" if kept.status < 400 else _PROBLEM_TYPE  # noqa: PLR2004 # HTTP
    return Answer(kept.body, kept.status, media_type, _REPLAYED)


def _in_progress() -> Answer:
    raise IdempotencyInProgress
