"""Where answers to idempotency keys are kept, and what says that one is on its way."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text

from tiketi.infra.batching import Batcher
from tiketi.infra.keyspace import Pool, tag_for
from tiketi.infra.postgres import Reader, Tx
from tiketi.infra.redis import RedisStore
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable

log = structlog.get_logger(__name__)

# A killed process leaves its markers: so long are its buyers' retries told to wait. Longer than
# any decision takes, and a marker that lapses too early costs nothing: PostgreSQL decides.
IN_FLIGHT_MS = 15_000
ANSWERS_A_BATCH_MAX = 128
ANSWERS_WAITING_MAX = 5_000
ANSWER_WAIT_SECONDS_MAX = 2.0

_NAMES = """CAST(:user_ids AS uuid[]), CAST(:methods AS text[]), CAST(:paths AS text[]),
        CAST(:keys AS text[])"""
_FIND = text(f"""
    SELECT k.user_id, k.method, k.path, k.key, k.status, k.body, k.fingerprint
    FROM unnest({_NAMES}) AS t (user_id, method, path, key)
    JOIN infra.idempotency_key AS k USING (user_id, method, path, key)
    WHERE k.created_at > now() - make_interval(secs => :ttl)""")  # noqa: S608 # a constant of this file
# Sorted, as every writer of several rows; of two with one key the first is kept.
_KEEP = text(f"""
    INSERT INTO infra.idempotency_key AS kept
        (user_id, method, path, key, fingerprint, status, body)
    SELECT DISTINCT ON (u, m, p, k) u, m, p, k, f, s, b
    FROM unnest({_NAMES}, CAST(:fingerprints AS bytea[]), CAST(:statuses AS smallint[]),
        CAST(:bodies AS bytea[])) WITH ORDINALITY AS t (u, m, p, k, f, s, b, n)
    ORDER BY u, m, p, k, n
    ON CONFLICT (user_id, method, path, key) DO UPDATE SET
        fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body,
        created_at = now()
    WHERE kept.created_at <= now() - make_interval(secs => :ttl)
    RETURNING user_id, method, path, key""")  # noqa: S608 # as above
_FORGET_OLD = text("""
    DELETE FROM infra.idempotency_key WHERE ctid IN (
        SELECT ctid FROM infra.idempotency_key
        WHERE created_at < now() - make_interval(secs => :ttl) LIMIT 1000)""")


Name = tuple[UUID, str, str, str]


@dataclass(frozen=True, slots=True)
class Key:
    """A client's key, whose it is and where it was sent; ``fingerprint`` is its body's."""

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
    def name(self) -> Name:
        """What there can be one answer to."""
        return (self.user_id, self.method, self.path, self.key)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was given: its HTTP status, its body's bytes."""

    status: int
    body: bytes
    fingerprint: bytes


async def find(reader: Reader, key: Key, ttl_seconds: int) -> Kept | None:
    return (await find_all(reader, [key], ttl_seconds)).get(key.name)


async def find_all(reader: Reader, keys: Sequence[Key], ttl_seconds: int) -> dict[Name, Kept]:
    """What is kept of these keys, by their names."""
    rows = await reader.execute(_FIND, {**_names(keys), "ttl": ttl_seconds})
    return {
        (row.user_id, row.method, row.path, row.key): Kept(
            row.status, bytes(row.body), bytes(row.fingerprint)
        )
        for row in rows
    }


async def keep(tx: Tx, key: Key, kept: Kept, ttl_seconds: int) -> bool:
    """Whether it was kept: another answer may have been first."""
    return bool(await keep_all(tx, [(key, kept)], ttl_seconds))


async def keep_all(
    writer: Reader, answers: Sequence[tuple[Key, Kept]], ttl_seconds: int
) -> set[Name]:
    """The names of those that were kept: of each the first, unless there was another before."""
    rows = await writer.rows(
        _KEEP,
        {
            **_names([key for key, _ in answers]),
            "fingerprints": [kept.fingerprint for _, kept in answers],
            "statuses": [kept.status for _, kept in answers],
            "bodies": [kept.body for _, kept in answers],
            "ttl": ttl_seconds,
        },
    )
    return {(row["user_id"], row["method"], row["path"], row["key"]) for row in rows}


async def forget_old(tx: Tx, ttl_seconds: int) -> int:
    """Delete a bounded number of keys past their time; how many."""
    return (await tx.execute(_FORGET_OLD, {"ttl": ttl_seconds})).rowcount


class Answers:
    """Answers that changed nothing, kept in batches: in a rush most answers are refusals."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._batcher: Batcher[tuple[Key, Kept], None] = Batcher(
            "answers",
            self._keep_all,
            batch_max=ANSWERS_A_BATCH_MAX,
            waiting_max=ANSWERS_WAITING_MAX,
            wait_seconds_max=ANSWER_WAIT_SECONDS_MAX,
        )

    async def keep(self, key: Key, answer: Kept) -> None:
        """It changed nothing, so losing it is harmless: best effort."""
        try:
            await self._batcher.submit((key, answer))
        except Unavailable:
            log.warning("answer_not_kept", status=answer.status)

    async def _keep_all(self, answers: Sequence[tuple[Key, Kept]]) -> Sequence[None]:
        ttl_seconds = self._runtime.settings.idempotency_ttl_seconds
        async with self._runtime.database.latest() as writer:
            await keep_all(writer, answers, ttl_seconds)
        return [None] * len(answers)


def _names(keys: Sequence[Key]) -> dict[str, Any]:
    return {
        "user_ids": [key.user_id for key in keys],
        "methods": [key.method for key in keys],
        "paths": [key.path for key in keys],
        "keys": [key.key for key in keys],
    }


async def mark(redis: RedisStore, key: Key, request_id: str) -> bool:
    """Whether nobody else's request with the key is on its way."""
    try:
        marked = await redis.command("SET", key.marker, request_id, "NX", "PX", IN_FLIGHT_MS)
    except Unavailable:
        return True
    return marked is not None


async def unmark(redis: RedisStore, key: Key) -> None:
    try:
        await redis.command("DEL", key.marker)
    except Unavailable:
        log.warning("idempotency_marker_left")
