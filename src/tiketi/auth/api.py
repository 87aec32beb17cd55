"""The one door to accounts for other modules."""

from tiketi.auth.domain import EMAIL_CHARACTERS_MAX, Account, is_email
from tiketi.auth.errors import EmailTaken, InvalidCredentials, PasswordLineFull
from tiketi.auth.invariants import INVARIANTS
from tiketi.auth.passwords import hash_password
from tiketi.auth.repository import find_accounts, read_generations
from tiketi.auth.service import (
    ENROL_MAX,
    SEARCH_MAX,
    enrol_users,
    ensure_admin,
    find_account_by_email,
    get_account,
    search_accounts,
    set_role,
)
from tiketi.auth.sessions import issue_access_token
from tiketi.infra.postgres import Reader
from tiketi.kernel.actor import Actor

__all__ = [
    "EMAIL_CHARACTERS_MAX",
    "ENROL_MAX",
    "INVARIANTS",
    "SEARCH_MAX",
    "Account",
    "EmailTaken",
    "InvalidCredentials",
    "PasswordLineFull",
    "enrol_users",
    "ensure_admin",
    "find_account_by_email",
    "find_accounts",
    "get_account",
    "hash_password",
    "is_current",
    "is_email",
    "issue_access_token",
    "read_generations",
    "search_accounts",
    "set_role",
]


async def is_current(reader: Reader, actor: Actor) -> bool:
    """Whether the account stands and has revoked no tokens since this one was issued."""
    return (await read_generations(reader, [actor.user_id])).get(actor.user_id) == actor.generation
