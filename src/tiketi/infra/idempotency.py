"""Idempotency keys: the first decision is kept with the row it made, and given again.

A key belongs to a user, method and path. What the handler decided (2xx, 404, 409) is kept for 24
hours. The answer to a success commits in the same transaction as its effect, so a key can never
have had an effect twice; a marker in Redis only tells a retry that the first is still in flight.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
import structlog
from pydantic import BaseModel
from sqlalchemy import text

from tiketi.infra.http.body import check_header_text
from tiketi.infra.http.call import Answer, Call
from tiketi.infra.http.errors import (
    IdempotencyInProgress,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
)
from tiketi.infra.keyspace import Pool, tag_for
from tiketi.infra.postgres import Tx
from tiketi.infra.problem import problem_document, status_of
from tiketi.kernel.errors import Kind, TiketiError, Unavailable

log = structlog.get_logger(__name__)

KEY_CHARACTERS_MAX = 255
# A killed process leaves its markers: so long are its buyers' retries told to wait. Longer than
# any decision takes, and a marker that lapses too early costs nothing: PostgreSQL decides.
IN_FLIGHT_MS = 15_000
_PROBLEM_TYPE = "application/problem+json"
_REPLAYED = ((b"idempotent-replayed", b"true"),)

_FIND = text("""
    SELECT fingerprint, status, body FROM infra.idempotency_key
    WHERE user_id = :user_id AND method = :method AND path = :path AND key = :key
        AND created_at > now() - make_interval(secs => :ttl)""")
_KEEP = text("""
    INSERT INTO infra.idempotency_key (user_id, method, path, key, fingerprint, status, body)
    VALUES (:user_id, :method, :path, :key, :fingerprint, :status, :body)
    ON CONFLICT (user_id, method, path, key) DO UPDATE SET
        fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body,
        created_at = now()
    WHERE idempotency_key.created_at <= now() - make_interval(secs => :ttl)""")
_FORGET_OLD = text("""
    DELETE FROM infra.idempotency_key WHERE ctid IN (
        SELECT ctid FROM infra.idempotency_key
        WHERE created_at < now() - make_interval(secs => :ttl) LIMIT 1000)""")

Plan = Callable[[], Awaitable[Any]]
Decide = Callable[[Any, "Remember"], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class _Key:
    user_id: UUID
    method: str
    path: str
    key: str
    fingerprint: bytes

    @property
    def marker(self) -> str:
        digest = sha256(f"{self.user_id}:{self.method}:{self.path}:{self.key}".encode()).hexdigest()
        return f"idempotency:{{{tag_for(Pool.CACHE, digest)}}}:{digest}"

    @property
    def row(self) -> dict[str, Any]:
        return {
            "user_id": self.user_id,
            "method": self.method,
            "path": self.path,
            "key": self.key,
        }


@dataclass(frozen=True, slots=True)
class Remember:
    """Keeps the answer in the transaction that made it true; its last statement."""

    _key: _Key
    _status: int
    _ttl_seconds: int

    async def __call__(self, tx: Tx, view: BaseModel) -> Answer:
        body = view.model_dump_json().encode()
        await _keep(tx, self._key, self._status, body, self._ttl_seconds)
        return Answer(body, self._status)


class _DecidedElsewhere(Exception):
    """Another request with the key committed first; this transaction must roll back."""


async def once(call: Call[Any, Any], plan: Plan, decide: Decide, *, status: int) -> Answer:
    """Answer an idempotent call.

    ``plan`` looks (403, 404, 422) and changes nothing; ``decide`` takes its result, acts in
    transactions of its own, and hands the answer to ``Remember`` inside the last.
    """
    key = _key_of(call)
    if key is None:
        await plan()
        raise IdempotencyKeyRequired
    if not await _mark(call, key):
        return await _find(call, key) or _in_progress()
    try:
        return await _find(call, key) or await _decide(call, key, plan, decide, status)
    finally:
        await _unmark(call, key)


async def forget_old(tx: Tx, ttl_seconds: int) -> int:
    """Delete a bounded number of keys past their time; how many."""
    return (await tx.execute(_FORGET_OLD, {"ttl": ttl_seconds})).rowcount


async def _decide(
    call: Call[Any, Any], key: _Key, plan: Plan, decide: Decide, status: int
) -> Answer:
    ttl_seconds = call.runtime.settings.idempotency_ttl_seconds
    try:
        return await decide(await plan(), Remember(key, status, ttl_seconds))
    except _DecidedElsewhere as lost:
        replay = await _find(call, key)
        if replay is None:
            raise Unavailable from lost
        return replay
    except TiketiError as refusal:
        # Redis may have lost the marker: then what refused us may be our own first request.
        replay = await _find(call, key)
        if replay is not None:
            return replay
        if refusal.kind in (Kind.NOT_FOUND, Kind.CONFLICT):
            await _keep_refusal(call, key, refusal, ttl_seconds)
        raise


def _key_of(call: Call[Any, Any]) -> _Key | None:
    given = call.request.headers.get("idempotency-key")
    if given is None or not 1 <= len(given) <= KEY_CHARACTERS_MAX:
        return None
    check_header_text(given, "Idempotency-Key")
    canonical = orjson.dumps(orjson.loads(call.raw or b"null"), option=orjson.OPT_SORT_KEYS)
    return _Key(
        user_id=call.actor.user_id,
        method=call.request.method,
        path=call.request.url.path,
        key=given,
        fingerprint=sha256(canonical).digest(),
    )


async def _find(call: Call[Any, Any], key: _Key) -> Answer | None:
    ttl = call.runtime.settings.idempotency_ttl_seconds
    async with call.runtime.database.latest() as reader:
        row = (await reader.execute(_FIND, {**key.row, "ttl": ttl})).first()
    if row is None:
        return None
    if bytes(row.fingerprint) != key.fingerprint:
        raise IdempotencyKeyReused
    media_type = "application/json" if row.status < 400 else _PROBLEM_TYPE  # noqa: PLR2004 # HTTP
    return Answer(bytes(row.body), row.status, media_type, _REPLAYED)


async def _keep(tx: Tx, key: _Key, status: int, body: bytes, ttl_seconds: int) -> None:
    row = {**key.row, "fingerprint": key.fingerprint, "status": status, "body": body}
    kept = await tx.execute(_KEEP, {**row, "ttl": ttl_seconds})
    if kept.rowcount == 0:
        raise _DecidedElsewhere


async def _keep_refusal(
    call: Call[Any, Any], key: _Key, refusal: TiketiError, ttl_seconds: int
) -> None:
    """A refusal changed nothing, so losing it is harmless: best effort."""
    body = orjson.dumps(problem_document(refusal, call.request_id))
    try:
        async with call.runtime.database.transaction() as tx:
            await _keep(tx, key, status_of(refusal), body, ttl_seconds)
    except (_DecidedElsewhere, Unavailable):
        log.warning("refusal_not_kept", code=refusal.code)


async def _mark(call: Call[Any, Any], key: _Key) -> bool:
    try:
        marked = await call.runtime.redis.command(
            "SET", key.marker, call.request_id, "NX", "PX", IN_FLIGHT_MS
        )
    except Unavailable:
        return True
    return marked is not None


async def _unmark(call: Call[Any, Any], key: _Key) -> None:
    try:
        await call.runtime.redis.command("DEL", key.marker)
    except Unavailable:
        log.warning("idempotency_marker_left")


def _in_progress() -> Answer:
    raise IdempotencyInProgress
