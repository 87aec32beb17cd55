"""Sessions: a family of refresh tokens, each good for one refresh."""

from datetime import datetime, timedelta
from uuid import UUID

from tiketi.auth import repository, session_repository
from tiketi.auth.domain import Account, Tokens, digest_of, new_secret
from tiketi.auth.errors import InvalidCredentials, RefreshTokenInvalid, RefreshTokenReused
from tiketi.infra.http.identity import ACCESS_AUDIENCE, ACCESS_TYPE
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor
from tiketi.kernel.errors import Unauthenticated
from tiketi.kernel.ids import new_id

CLEAN_UP_MAX = 1_000


def issue_access_token(runtime: Runtime, actor: Actor, now: datetime) -> str:
    """A JWT (RFC 9068) for the actor, in their present role and generation."""
    ttl = timedelta(seconds=runtime.settings.access_token_ttl_seconds)
    return runtime.keys.sign(
        {
            "sub": str(actor.user_id),
            "role": actor.role.value,
            "gen": actor.generation,
            "jti": str(new_id()),
        },
        typ=ACCESS_TYPE,
        audience=ACCESS_AUDIENCE,
        issued_at=now,
        expires_at=now + ttl,
    )


async def open_session(tx: Tx, runtime: Runtime, account: Account, now: datetime) -> Tokens:
    """A new family. InvalidCredentials if all of the account's tokens were revoked meanwhile:
    then the password that was proved is an old one.
    """
    session_id, refresh_token = new_id(), new_secret()
    opened = await session_repository.open_session(
        tx,
        session_id,
        account_id=account.id,
        generation=account.generation,
        now=now,
        expires_at=_expiry(runtime, now),
    )
    if not opened:
        raise InvalidCredentials
    await session_repository.add_token(tx, session_id, digest_of(refresh_token), now)
    return _tokens(runtime, account, refresh_token, now)


async def refresh_session(
    tx: Tx, runtime: Runtime, refresh_token: str, now: datetime
) -> Tokens | RefreshTokenReused:
    """New tokens for a refresh token, which is spent by it; RefreshTokenInvalid.

    Reuse revokes the family. That must be committed, so this refusal is given back, not raised.
    Of two refreshes at the same moment the second is a reuse: a thief and a second tab look alike.
    """
    digest = digest_of(refresh_token)
    token = await session_repository.find_token_for_update(tx, digest, now)
    if token is None:
        raise RefreshTokenInvalid
    if token.is_spent:
        await session_repository.revoke_session(tx, token.session_id, now)
        return RefreshTokenReused()
    account = (await repository.find_accounts(tx, [token.account_id])).get(token.account_id)
    if not token.is_live or account is None:
        raise RefreshTokenInvalid
    next_token = new_secret()
    rotated = await session_repository.rotate_token(
        tx, digest, digest_of(next_token), now=now, expires_at=_expiry(runtime, now)
    )
    if not rotated:
        raise AssertionError("the token is locked, and was not spent")
    return _tokens(runtime, account, next_token, now)


async def end_session(tx: Tx, refresh_token: str, now: datetime) -> None:
    """Revoke the token's family, spent or not. An unknown token has nothing to end."""
    await session_repository.revoke_session_by_token(tx, digest_of(refresh_token), now)


async def end_all_sessions(tx: Tx, user_id: UUID, now: datetime) -> None:
    """Revoke every family of the account, and refuse the access tokens that are out."""
    if not await repository.bump_generation(tx, user_id):
        raise Unauthenticated
    await session_repository.revoke_sessions(tx, user_id, now)


async def clean_up(tx: Tx, runtime: Runtime, now: datetime) -> bool:
    """Delete a bounded number of rows that are too old to matter; whether there may be more.

    A spent token is kept as long as it would have lived, so that its reuse is noticed.
    """
    ttl = timedelta(seconds=runtime.settings.refresh_token_ttl_seconds)
    deleted = await session_repository.delete_old(
        tx, now=now, tokens_before=now - ttl, limit=CLEAN_UP_MAX
    )
    return deleted >= CLEAN_UP_MAX


def _expiry(runtime: Runtime, now: datetime) -> datetime:
    return now + timedelta(seconds=runtime.settings.refresh_token_ttl_seconds)


def _tokens(runtime: Runtime, account: Account, refresh_token: str, now: datetime) -> Tokens:
    return Tokens(
        access_token=issue_access_token(runtime, account.actor, now),
        expires_in_seconds=runtime.settings.access_token_ttl_seconds,
        refresh_token=refresh_token,
    )
