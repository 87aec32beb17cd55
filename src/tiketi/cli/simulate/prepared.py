"""Accounts of the local system, made through the library: people who signed in before."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from pydantic import SecretStr

from tiketi.auth.api import ENROL_MAX, enrol_users, find_account_by_email, issue_access_token
from tiketi.cli.running import RunningSystem
from tiketi.cli.simulate.accounts import register_and_refresh
from tiketi.cli.simulate.calls import Account, Caller, Unforeseen
from tiketi.infra.runtime import Runtime, open_runtime
from tiketi.kernel.actor import Actor, Role
from tiketi.settings import Settings

# Longer than any simulation: how sessions are renewed is tried by those who sign in over HTTP.
TOKEN_TTL_SECONDS = 4 * 3600


class PreparedDoor:
    """Accounts in one insert and tokens by the system's own key."""

    def __init__(self, runtime: Runtime, admin_email: str) -> None:
        self._runtime = runtime
        self._admin_email = admin_email

    async def admin(self, caller: Caller) -> Account:
        """The system's first admin. Raises Unforeseen when there is none."""
        del caller
        async with self._runtime.database.reader() as reader:
            account = await find_account_by_email(reader, self._admin_email)
        if account is None or account.role is not Role.ADMIN:
            raise Unforeseen(f"{self._admin_email} is no admin of this system")
        return self._account(account.email, account.actor)

    async def prepare(self, caller: Caller, count: int) -> list[Account]:
        del caller
        emails = [f"buyer-{uuid4().hex}@simulation.example" for _ in range(count)]
        user_ids: list[UUID] = []
        async with self._runtime.database.transaction() as tx:
            now = self._runtime.clock.now()
            for start in range(0, count, ENROL_MAX):
                user_ids += await enrol_users(tx, emails=emails[start : start + ENROL_MAX], now=now)
        return [
            self._account(email, Actor(user_id, Role.USER))
            for email, user_id in zip(emails, user_ids, strict=True)
        ]

    async def sign_in(self, caller: Caller) -> Account:
        return await register_and_refresh(caller)

    def _account(self, email: str, actor: Actor) -> Account:
        async def renew() -> str:
            return issue_access_token(self._runtime, actor, self._runtime.clock.now())

        token = issue_access_token(self._runtime, actor, self._runtime.clock.now())
        return Account(email, token, renew)


@asynccontextmanager
async def prepared_door(system: RunningSystem) -> AsyncIterator[PreparedDoor]:
    """The door of the system that runs on this machine."""
    settings = Settings(
        database_url=system.database_url,
        redis_url=system.redis_url,
        signing_key=SecretStr(system.signing_key),
        access_token_ttl_seconds=TOKEN_TTL_SECONDS,
    )
    runtime = open_runtime(settings, service="simulate")
    try:
        yield PreparedDoor(runtime, system.admin_email)
    finally:
        await runtime.close()
