"""Signing people in: through the library before the sale, or over HTTP like anybody."""

from typing import Protocol
from uuid import uuid4

from tiketi.cli.simulate.calls import Account, Caller

PASSWORD = "a long enough passphrase"  # noqa: S105 # of accounts that exist only to be simulated


class Door(Protocol):
    """Where people come in."""

    async def admin(self, caller: Caller) -> Account:
        """Somebody who may create events."""
        ...

    async def prepare(self, caller: Caller, count: int) -> list[Account]:
        """People who signed in before the sale."""
        ...

    async def sign_in(self, caller: Caller) -> Account:
        """One person who registers and signs in now, over HTTP."""
        ...


class HttpDoor:
    """Everything over HTTP, at the pace that the limit for anonymous callers allows."""

    def __init__(self, admin_email: str, admin_password: str) -> None:
        self._admin_email = admin_email
        self._admin_password = admin_password

    async def admin(self, caller: Caller) -> Account:
        return await log_in(caller, self._admin_email, self._admin_password)

    async def prepare(self, caller: Caller, count: int) -> list[Account]:
        return [await register(caller) for _ in range(count)]

    async def sign_in(self, caller: Caller) -> Account:
        return await register_and_refresh(caller)


async def register_and_refresh(caller: Caller) -> Account:
    """Everything that leads to a session: registering, logging in, refreshing."""
    account = await register(caller)
    again = await log_in(caller, account.email, PASSWORD)
    again.token = await again.renew()
    return again


async def register(caller: Caller) -> Account:
    """A new account. Raises OutOfTime, Unforeseen."""
    email = f"buyer-{uuid4().hex}@simulation.example"
    body = {"email": email, "password": PASSWORD, "name": "Simulated Buyer"}
    answer = await caller.call(
        "register", "POST", "/auth/register", json=body, foreseen={"email_taken"}
    )
    if not answer.ok:  # the first answer was lost on the way: the account is there
        return await log_in(caller, email, PASSWORD)
    return _account(caller, email, PASSWORD, answer.json())


async def log_in(caller: Caller, email: str, password: str) -> Account:
    """A session of an account that exists. Raises OutOfTime, Unforeseen."""
    body = {"email": email, "password": password}
    answer = await caller.call("log in", "POST", "/auth/login", json=body)
    return _account(caller, email, password, answer.json())


def _account(caller: Caller, email: str, password: str, tokens: dict[str, str]) -> Account:
    refresh_token = tokens["refresh_token"]

    async def renew() -> str:
        """A fresh access token by the refresh token, which is spent by it."""
        nonlocal refresh_token
        body = {"refresh_token": refresh_token}
        answer = await caller.call(
            "refresh", "POST", "/auth/refresh", json=body, foreseen={"refresh_token_reused"}
        )
        if not answer.ok:  # its first answer was lost: only the password is left
            account = await log_in(caller, email, password)
            return account.token
        refresh_token = answer.json()["refresh_token"]
        return str(answer.json()["access_token"])

    return Account(email, tokens["access_token"], renew)
