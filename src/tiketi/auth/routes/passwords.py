"""Changing a password, and getting back in without it."""

from tiketi.auth.errors import (
    InvalidCredentials,
    LoginThrottled,
    PasswordLineFull,
    PasswordResetInvalid,
)
from tiketi.auth.passwords import (
    ask_for_reset,
    change_password,
    hash_password,
    prove_password,
    require_reset,
    reset_password,
)
from tiketi.auth.repository import find_credentials
from tiketi.auth.routes.table import attempt, routes
from tiketi.auth.schemas import ChangePasswordBody, ForgotPasswordBody, ResetPasswordBody
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access
from tiketi.kernel.errors import Unauthenticated


@routes.post(
    "/password/change",
    status=204,
    body=ChangePasswordBody,
    errors=(InvalidCredentials, LoginThrottled, PasswordLineFull),
)
async def change(call: Call[ChangePasswordBody, None]) -> None:
    """Change the password.

    Every session ends, this one included, and every access token is refused: log in again.
    """
    runtime, body = call.runtime, call.body
    async with runtime.database.latest() as reader:
        credentials = await find_credentials(reader, call.actor.user_id)
    if credentials is None:
        raise Unauthenticated
    async with attempt(call, credentials.account.email):
        await prove_password(runtime, credentials, body.current_password)
    password_hash = await hash_password(runtime, body.new_password)
    async with runtime.database.transaction() as tx:
        await change_password(tx, credentials, password_hash, call.now)


@routes.post("/password/forgot", status=204, access=Access.PUBLIC, body=ForgotPasswordBody)
async def forgot(call: Call[ForgotPasswordBody, None]) -> None:
    """Ask for a mail with a token to reset the password.

    The answer is the same whether or not the address has an account.
    """
    async with call.runtime.database.transaction() as tx:
        await ask_for_reset(tx, call.body.email)


@routes.post(
    "/password/reset",
    status=204,
    access=Access.PUBLIC,
    body=ResetPasswordBody,
    errors=(PasswordResetInvalid, PasswordLineFull),
)
async def reset(call: Call[ResetPasswordBody, None]) -> None:
    """Set a new password by the token that was mailed; every session ends."""
    runtime, body = call.runtime, call.body
    async with runtime.database.latest() as reader:
        await require_reset(reader, body.token, call.now)
    password_hash = await hash_password(runtime, body.new_password)
    async with runtime.database.transaction() as tx:
        account = await reset_password(tx, body.token, password_hash, call.now)
    # Whoever reads the account's mail is its owner: this address may go on even under attack.
    await attempt(call, account.email).know_address()
