"""Passwords: proved, changed, forgotten and reset. argon2 never runs inside a transaction."""

from datetime import datetime, timedelta

from tiketi.auth import repository, session_repository
from tiketi.auth.domain import Account, Credentials, digest_of, email_key, new_secret
from tiketi.auth.errors import InvalidCredentials, PasswordResetInvalid
from tiketi.auth.hashing import PasswordHashing
from tiketi.infra import outbox
from tiketi.infra.outbox import Message
from tiketi.infra.postgres import Reader, Tx
from tiketi.infra.runtime import Runtime
from tiketi.notifications import api as notifications

FORGOTTEN_TOPIC = "auth.password_forgotten"
# Whoever asks again and again must not fill somebody's mailbox.
RESETS_MAX = 3
RESETS_WINDOW = timedelta(hours=1)
# Where the web application lets a person choose a new password. A fragment is sent to no server.
RESET_PATH = "/reset-password#token="


async def hash_password(runtime: Runtime, password: str) -> str:
    """The password's hash; PasswordLineFull."""
    return await runtime.one(PasswordHashing).hash(password)


async def prove_password(
    runtime: Runtime, credentials: Credentials | None, password: str
) -> Account:
    """The account whose password it is; else InvalidCredentials, for the same work."""
    password_hash = credentials.password_hash if credentials else None
    if not await runtime.one(PasswordHashing).verify(password, password_hash):
        raise InvalidCredentials
    if credentials is None:
        raise AssertionError("no password matches where there is no account")
    return credentials.account


async def change_password(
    tx: Tx, credentials: Credentials, password_hash: str, now: datetime
) -> None:
    """Set the new hash; every session ends. InvalidCredentials if it was changed meanwhile."""
    account = await repository.set_password(
        tx, credentials.account.id, password_hash, expected=credentials.password_hash
    )
    if account is None:
        raise InvalidCredentials
    await _end_sessions_and_tell(tx, account, now)


async def ask_for_reset(tx: Tx, email: str) -> None:
    """Note that somebody forgot the password of an address.

    Whether there is an account is looked up later, by the loop: an answer that came sooner for an
    unknown address would tell it from a known one.
    """
    await outbox.publish(tx, FORGOTTEN_TOPIC, {"email": email})


async def mail_reset(tx: Tx, runtime: Runtime, message: Message, now: datetime) -> None:
    """Mail a reset token to the account that the message names, if there is one."""
    await outbox.forget(tx, message)
    credentials = await repository.find_credentials_by_email(
        tx, email_key(message.payload["email"])
    )
    if credentials is None:
        return
    account, token = credentials.account, new_secret()
    ttl = timedelta(seconds=runtime.settings.password_reset_ttl_seconds)
    added = await session_repository.add_reset(
        tx,
        digest_of(token),
        account.id,
        now=now,
        expires_at=now + ttl,
        since=now - RESETS_WINDOW,
        most=RESETS_MAX,
    )
    if added:
        link = runtime.settings.public_url.rstrip("/") + RESET_PATH + token
        letter = notifications.password_reset(link, minutes=int(ttl.total_seconds() // 60))
        await _mail(tx, account, letter)


async def require_reset(reader: Reader, token: str, now: datetime) -> None:
    """PasswordResetInvalid before the work of hashing a password; ``reset_password`` decides."""
    if await session_repository.find_reset(reader, digest_of(token), now) is None:
        raise _reset_invalid()


async def reset_password(tx: Tx, token: str, password_hash: str, now: datetime) -> Account:
    """Set the new hash, once a token; every session and every other reset ends."""
    digest = digest_of(token)
    account_id = await session_repository.find_reset(tx, digest, now)
    if account_id is None:
        raise _reset_invalid()
    account = await repository.set_password(tx, account_id, password_hash)
    if account is None or not await session_repository.delete_reset(tx, digest, now):
        raise _reset_invalid()
    await _end_sessions_and_tell(tx, account, now)
    return account


async def _end_sessions_and_tell(tx: Tx, account: Account, now: datetime) -> None:
    await session_repository.revoke_sessions(tx, account.id, now)
    await session_repository.delete_resets(tx, account.id)
    await _mail(tx, account, notifications.password_changed())


async def _mail(tx: Tx, account: Account, letter: notifications.Letter) -> None:
    await notifications.enqueue_mail(
        tx, to=account.email, subject=letter.subject, body_text=letter.body_text
    )


def _reset_invalid() -> PasswordResetInvalid:
    return PasswordResetInvalid(
        errors=[
            {
                "loc": ["body", "token"],
                "msg": "is unknown, used or too old",
                "type": "value_error",
            }
        ]
    )
