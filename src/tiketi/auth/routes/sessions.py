"""Registering, logging in, staying in, logging out."""

import orjson

from tiketi.auth import service
from tiketi.auth.domain import email_key
from tiketi.auth.errors import (
    EmailTaken,
    InvalidCredentials,
    LoginThrottled,
    PasswordLineFull,
    RefreshTokenInvalid,
    RefreshTokenReused,
)
from tiketi.auth.passwords import hash_password, prove_password
from tiketi.auth.repository import find_credentials_by_email
from tiketi.auth.routes.table import attempt, routes
from tiketi.auth.schemas import (
    KeySetView,
    LoginBody,
    RefreshTokenBody,
    RegisterBody,
    SignedInView,
    TokensView,
)
from tiketi.auth.sessions import end_all_sessions, end_session, open_session, refresh_session
from tiketi.infra.http.call import Answer, Call
from tiketi.infra.http.routes import Access
from tiketi.infra.rate_limit import Limit


@routes.post(
    "/register",
    status=201,
    access=Access.PUBLIC,
    body=RegisterBody,
    answer=SignedInView,
    errors=(EmailTaken, PasswordLineFull),
)
async def register(call: Call[RegisterBody, None]) -> SignedInView:
    """Make an account, and log in to it."""
    body, database = call.body, call.runtime.database
    async with database.latest() as reader:
        await service.require_free_email(reader, body.email)
    password_hash = await hash_password(call.runtime, body.password)
    async with database.transaction() as tx:
        account = await service.register_account(
            tx,
            email=body.email,
            password_hash=password_hash,
            name=body.name,
            phone=body.phone,
            now=call.now,
        )
        tokens = await open_session(tx, call.runtime, account, call.now)
    return SignedInView.of_account(account, tokens)


@routes.post(
    "/login",
    access=Access.PUBLIC,
    body=LoginBody,
    answer=SignedInView,
    errors=(InvalidCredentials, LoginThrottled, PasswordLineFull),
)
async def log_in(call: Call[LoginBody, None]) -> SignedInView:
    """Open a session by e-mail address and password.

    A wrong password and an unknown address get the same answer, after the same work.
    """
    body, database = call.body, call.runtime.database
    async with attempt(call, body.email):
        async with database.latest() as reader:
            credentials = await find_credentials_by_email(reader, email_key(body.email))
        account = await prove_password(call.runtime, credentials, body.password)
        async with database.transaction() as tx:
            tokens = await open_session(tx, call.runtime, account, call.now)
    return SignedInView.of_account(account, tokens)


@routes.post(
    "/refresh",
    access=Access.PUBLIC,
    body=RefreshTokenBody,
    answer=TokensView,
    errors=(RefreshTokenInvalid, RefreshTokenReused),
)
async def refresh(call: Call[RefreshTokenBody, None]) -> TokensView:
    """Exchange a refresh token for new tokens.

    A refresh token is good for one refresh. Using it again revokes its whole family, the tokens
    of the first use included.
    """
    async with call.runtime.database.transaction() as tx:
        outcome = await refresh_session(tx, call.runtime, call.body.refresh_token, call.now)
    if isinstance(outcome, RefreshTokenReused):
        raise outcome
    return TokensView.of(outcome)


@routes.post("/logout", status=204, access=Access.PUBLIC, body=RefreshTokenBody)
async def log_out(call: Call[RefreshTokenBody, None]) -> None:
    """End the session of a refresh token.

    An unknown one is answered alike. The access token lives out its few minutes.
    """
    async with call.runtime.database.transaction() as tx:
        await end_session(tx, call.body.refresh_token, call.now)


@routes.post("/logout/all", status=204)
async def log_out_everywhere(call: Call[None, None]) -> None:
    """End every session of the account, and refuse the access tokens that are out."""
    async with call.runtime.database.transaction() as tx:
        await end_all_sessions(tx, call.actor.user_id, call.now)


@routes.get("/jwks.json", access=Access.PUBLIC, answer=KeySetView, limit=Limit.PUBLIC)
async def get_key_set(call: Call[None, None]) -> Answer:
    """The public keys that tokens are verified by (Ed25519)."""
    return Answer(
        orjson.dumps(call.runtime.keys.jwks()),
        headers=((b"cache-control", b"public, max-age=300"),),
    )
