"""Accounts: making, finding, changing and erasing them. Passwords are hashed by the caller."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tiketi.auth import repository
from tiketi.auth.domain import Account, email_key
from tiketi.auth.errors import EmailTaken
from tiketi.auth.session_repository import delete_resets, revoke_sessions
from tiketi.infra.postgres import Reader, Tx
from tiketi.kernel.actor import Role
from tiketi.kernel.errors import NotFound, Unauthenticated
from tiketi.kernel.ids import new_id

# Half a second of inserts, far below a statement's longest run.
ENROL_MAX = 20_000
SEARCH_MAX = 100


async def require_free_email(reader: Reader, email: str) -> None:
    """EmailTaken before the work of hashing a password; the insert decides all the same."""
    if await repository.find_credentials_by_email(reader, email_key(email)) is not None:
        raise EmailTaken


async def register_account(
    tx: Tx, *, email: str, password_hash: str, name: str, phone: str | None, now: datetime
) -> Account:
    """A new account; EmailTaken, whatever the case that either was written in."""
    account = await repository.insert_account(
        tx,
        id=new_id(),
        email=email,
        email_key=email_key(email),
        name=name,
        phone=phone,
        role=Role.USER.value,
        password_hash=password_hash,
        now=now,
    )
    if account is None:
        raise EmailTaken
    return account


async def ensure_admin(tx: Tx, *, email: str, password_hash: str, now: datetime) -> bool:
    """Make the first admin; False when the address names an account, which is left as it is."""
    account = await repository.insert_account(
        tx,
        id=new_id(),
        email=email,
        email_key=email_key(email),
        name="Admin",
        phone=None,
        role=Role.ADMIN.value,
        password_hash=password_hash,
        now=now,
    )
    return account is not None


async def enrol_users(tx: Tx, *, emails: Sequence[str], now: datetime) -> list[UUID]:
    """Accounts without a password, in one statement; their ids in the addresses' order.

    At most ``ENROL_MAX`` at once. EmailTaken when any address has an account, or stands twice.
    """
    if len(emails) > ENROL_MAX:
        raise ValueError(f"at most {ENROL_MAX} accounts a statement")
    ids = [new_id() for _ in emails]
    made = await repository.insert_accounts(
        tx, ids=ids, emails=emails, email_keys=[email_key(email) for email in emails], now=now
    )
    if made != len(ids):
        raise EmailTaken
    return ids


async def get_account(reader: Reader, user_id: UUID) -> Account:
    """NotFound for an unknown account and for an erased one."""
    found = await repository.find_accounts(reader, [user_id])
    if user_id not in found:
        raise NotFound
    return found[user_id]


async def get_own_account(reader: Reader, user_id: UUID) -> Account:
    """The caller's own; a token that outlived its account proves nothing: Unauthenticated."""
    found = await repository.find_accounts(reader, [user_id])
    if user_id not in found:
        raise Unauthenticated
    return found[user_id]


async def find_account_by_email(reader: Reader, email: str) -> Account | None:
    credentials = await repository.find_credentials_by_email(reader, email_key(email))
    return None if credentials is None else credentials.account


async def search_accounts(reader: Reader, query: str, *, limit: int = SEARCH_MAX) -> list[Account]:
    """Accounts whose address or name begins so, without case; at most ``limit``."""
    return await repository.search_accounts(
        reader,
        email_prefix=email_key(query),
        name_prefix=query,
        limit=min(limit, SEARCH_MAX),
    )


async def update_profile(
    tx: Tx, user_id: UUID, *, name: str | None, phone: str | None, with_phone: bool
) -> Account:
    """The account with its new name, if any, and phone number, if ``with_phone``."""
    account = await repository.set_profile(
        tx, user_id, name=name, phone=phone, with_phone=with_phone
    )
    if account is None:
        raise Unauthenticated
    return account


async def set_role(tx: Tx, user_id: UUID, role: Role) -> Account:
    """The account in its new role. Access tokens that name the old one are refused; sessions
    last, and their next refresh brings the new role. NotFound.
    """
    account = await repository.set_role(tx, user_id, role)
    if account is None:
        raise NotFound
    return account


async def erase_account(tx: Tx, user_id: UUID, now: datetime) -> None:
    """Take the person out of the account. Its id stays, so that the ledger still adds up."""
    pseudonym = f"erased-{user_id}@erased.invalid"
    if not await repository.erase_account(tx, user_id, pseudonym=pseudonym, now=now):
        raise Unauthenticated
    await revoke_sessions(tx, user_id, now)
    await delete_resets(tx, user_id)
