"""What a local system's database needs before its services: schema, role passwords, an admin."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from tiketi.settings import Settings

CONNECT_TIMEOUT_SECONDS = 10.0
PASSWORD_BYTES = 12


@dataclass(frozen=True, slots=True)
class Admin:
    """``password``: only when it was made up just now, to be shown once."""

    email: str
    password: str | None


async def set_role_passwords(owner_url: str, passwords: Mapping[str, str]) -> None:
    """Let each service log in as its own role, with a password of this data directory."""
    connection = await asyncpg.connect(owner_url, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        for role, password in sorted(passwords.items()):
            # ALTER ROLE takes no parameters; format() quotes both.
            statement = await connection.fetchval(
                "SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)",
                role,
                password,
            )
            await connection.execute(statement)
    finally:
        await connection.close()


async def ensure_admin(settings: Settings) -> Admin:
    """The first admin, made if nobody has the address yet; an account that exists is left alone.

    ``settings`` name the stores as their owner. Without a password in them one is made up.
    """
    # SQLAlchemy and argon2 are slow to import.
    from tiketi.auth import api as auth  # noqa: PLC0415 # slow to import
    from tiketi.infra.runtime import open_runtime  # noqa: PLC0415 # slow to import

    runtime = open_runtime(settings, service="up")
    try:
        async with runtime.database.transaction() as tx:
            if await auth.find_account_by_email(tx, settings.admin_email) is not None:
                return Admin(settings.admin_email, None)
        given = settings.admin_password
        password = given.get_secret_value() if given else secrets.token_urlsafe(PASSWORD_BYTES)
        password_hash = await auth.hash_password(runtime, password)
        async with runtime.database.transaction() as tx:
            made = await auth.ensure_admin(
                tx,
                email=settings.admin_email,
                password_hash=password_hash,
                now=runtime.clock.now(),
            )
        return Admin(settings.admin_email, password if made and given is None else None)
    finally:
        await runtime.close()
