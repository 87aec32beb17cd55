"""The SQL of sessions, their refresh tokens, and password resets.

Rows are locked in the order account, session, refresh token, password reset.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx

# The lock on the account makes a change of password wait for the session, or the session for it.
_OPEN = text("""
    WITH account AS (
        SELECT id FROM auth.account
        WHERE id = :account_id AND generation = :generation AND erased_at IS NULL FOR SHARE)
    INSERT INTO auth.session (id, account_id, created_at, expires_at)
    SELECT :id, id, :now, :expires_at FROM account""")
_FIND_FOR_UPDATE = text("""
    SELECT session.id, session.account_id, session.expires_at, session.revoked_at, token.spent_at
    FROM auth.refresh_token AS token JOIN auth.session ON session.id = token.session_id
    WHERE token.digest = :digest
    FOR UPDATE OF session, token""")
_ADD_TOKEN = text("""
    INSERT INTO auth.refresh_token (digest, session_id, created_at)
    VALUES (:digest, :session_id, :now)""")
_ROTATE = text("""
    WITH spent AS (
        UPDATE auth.refresh_token SET spent_at = :now
        WHERE digest = :digest AND spent_at IS NULL RETURNING session_id),
    prolonged AS (
        UPDATE auth.session SET expires_at = :expires_at
        FROM spent WHERE session.id = spent.session_id)
    INSERT INTO auth.refresh_token (digest, session_id, created_at)
    SELECT :next_digest, session_id, :now FROM spent""")
_REVOKE = text("""
    UPDATE auth.session SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL""")
_REVOKE_BY_TOKEN = text("""
    UPDATE auth.session SET revoked_at = :now
    WHERE id = (SELECT session_id FROM auth.refresh_token WHERE digest = :digest)
        AND revoked_at IS NULL""")
_REVOKE_ALL = text("""
    UPDATE auth.session SET revoked_at = :now
    WHERE account_id = :account_id AND revoked_at IS NULL""")
_DELETE_OLD_TOKENS = text("""
    DELETE FROM auth.refresh_token WHERE digest IN (
        SELECT digest FROM auth.refresh_token WHERE created_at < :before
        ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED)""")
_DELETE_OLD_SESSIONS = text("""
    DELETE FROM auth.session WHERE id IN (
        SELECT id FROM auth.session WHERE expires_at < :now AND NOT EXISTS (
            SELECT FROM auth.refresh_token WHERE session_id = session.id)
        ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)""")
_ADD_RESET = text("""
    INSERT INTO auth.password_reset (digest, account_id, created_at, expires_at)
    SELECT :digest, :account_id, :now, :expires_at
    WHERE (SELECT count(*) FROM auth.password_reset
           WHERE account_id = :account_id AND created_at > :since) < :most""")
_FIND_RESET = text("""
    SELECT account_id FROM auth.password_reset WHERE digest = :digest AND expires_at > :now""")
_DELETE_RESET = text("DELETE FROM auth.password_reset WHERE digest = :digest AND expires_at > :now")
_DELETE_RESETS = text("DELETE FROM auth.password_reset WHERE account_id = :account_id")
_DELETE_OLD_RESETS = text("""
    DELETE FROM auth.password_reset WHERE digest IN (
        SELECT digest FROM auth.password_reset WHERE expires_at < :now
        ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)""")


@dataclass(frozen=True, slots=True)
class TokenState:
    """A refresh token with the session that it continues."""

    session_id: UUID
    account_id: UUID
    is_spent: bool
    is_live: bool


async def open_session(
    tx: Tx,
    session_id: UUID,
    *,
    account_id: UUID,
    generation: int,
    now: datetime,
    expires_at: datetime,
) -> bool:
    """False when the account has revoked its tokens since that generation, or is gone."""
    columns = {"id": session_id, "account_id": account_id, "generation": generation}
    opened = await tx.execute(_OPEN, {**columns, "now": now, "expires_at": expires_at})
    return opened.rowcount == 1


async def add_token(tx: Tx, session_id: UUID, digest: bytes, now: datetime) -> None:
    await tx.execute(_ADD_TOKEN, {"digest": digest, "session_id": session_id, "now": now})


async def find_token_for_update(tx: Tx, digest: bytes, now: datetime) -> TokenState | None:
    row = (await tx.execute(_FIND_FOR_UPDATE, {"digest": digest})).first()
    if row is None:
        return None
    return TokenState(
        session_id=row.id,
        account_id=row.account_id,
        is_spent=row.spent_at is not None,
        is_live=row.revoked_at is None and row.expires_at > now,
    )


async def rotate_token(
    tx: Tx, digest: bytes, next_digest: bytes, *, now: datetime, expires_at: datetime
) -> bool:
    """Spend one token for the next; False when it was spent."""
    digests = {"digest": digest, "next_digest": next_digest}
    rotated = await tx.execute(_ROTATE, {**digests, "now": now, "expires_at": expires_at})
    return rotated.rowcount == 1


async def revoke_session(tx: Tx, session_id: UUID, now: datetime) -> None:
    await tx.execute(_REVOKE, {"id": session_id, "now": now})


async def revoke_session_by_token(tx: Tx, digest: bytes, now: datetime) -> None:
    await tx.execute(_REVOKE_BY_TOKEN, {"digest": digest, "now": now})


async def revoke_sessions(tx: Tx, account_id: UUID, now: datetime) -> None:
    await tx.execute(_REVOKE_ALL, {"account_id": account_id, "now": now})


async def add_reset(tx: Tx, digest: bytes, account_id: UUID, **bounds: Any) -> bool:
    """Keep a reset until ``expires_at``; False when ``most`` were made ``since`` then."""
    columns = {"digest": digest, "account_id": account_id, **bounds}
    return (await tx.execute(_ADD_RESET, columns)).rowcount == 1


async def find_reset(reader: Reader, digest: bytes, now: datetime) -> UUID | None:
    """The account that a live reset is for."""
    row = (await reader.execute(_FIND_RESET, {"digest": digest, "now": now})).first()
    return None if row is None else row.account_id


async def delete_reset(tx: Tx, digest: bytes, now: datetime) -> bool:
    """False when it was used, or is too old."""
    return (await tx.execute(_DELETE_RESET, {"digest": digest, "now": now})).rowcount == 1


async def delete_resets(tx: Tx, account_id: UUID) -> None:
    await tx.execute(_DELETE_RESETS, {"account_id": account_id})


async def delete_old(tx: Tx, *, now: datetime, tokens_before: datetime, limit: int) -> int:
    """Delete what nobody can use any more, ``limit`` of a kind; the most of any kind."""
    tokens = await tx.execute(_DELETE_OLD_TOKENS, {"before": tokens_before, "limit": limit})
    sessions = await tx.execute(_DELETE_OLD_SESSIONS, {"now": now, "limit": limit})
    resets = await tx.execute(_DELETE_OLD_RESETS, {"now": now, "limit": limit})
    return max(tokens.rowcount, sessions.rowcount, resets.rowcount)
