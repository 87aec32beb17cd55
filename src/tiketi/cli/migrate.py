"""`tiketi migrate`: the schema and the roles; with passwords, their log-ins and an admin."""

import asyncio

from tiketi.cli.environment import USAGE_ERROR, fail, load_settings
from tiketi.cli.running import find_running
from tiketi.settings import Settings


def migrate() -> None:
    """Bring TIKETI_DATABASE_URL, else the local system that runs, to this version's schema.

    TIKETI_ROLE_PASSWORDS gives the services' roles their passwords; TIKETI_ADMIN_PASSWORD, with
    TIKETI_REDIS_URL, makes the first admin unless there is one. Repeating it changes nothing; two
    at once wait for each other.
    """
    settings = load_settings()
    running = find_running()
    url = settings.database_url or (running.database_url if running else None)
    if url is None:
        fail("set TIKETI_DATABASE_URL, or start `tiketi up`, which migrates by itself")
    passwords = _role_passwords(settings)

    import asyncpg  # noqa: PLC0415 # slow to import
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 # slow to import

    from tiketi.cli.bootstrap import set_role_passwords  # noqa: PLC0415 # slow to import
    from tiketi.infra.migrations import upgrade  # noqa: PLC0415 # slow to import

    try:
        upgrade(url)
        if passwords:
            asyncio.run(set_role_passwords(url, passwords))
    except (SQLAlchemyError, asyncpg.PostgresError, OSError) as error:
        fail(f"the database was not migrated: {error}")
    print("the database is at this version")
    if settings.database_url and settings.redis_url and settings.admin_password:
        _make_admin(settings)


def _role_passwords(settings: Settings) -> dict[str, str]:
    """Exits if it names a role that no service has, or none."""
    from tiketi.infra.roles import GRANTS  # noqa: PLC0415 # slow to import

    if settings.role_passwords is None:
        return {}
    found = {}
    for entry in settings.role_passwords.get_secret_value().split(","):
        role, _, password = entry.strip().partition("=")
        if role not in GRANTS or not password:
            known = ", ".join(GRANTS)
            fail(f"TIKETI_ROLE_PASSWORDS: role=password by comma; roles: {known}", code=USAGE_ERROR)
        found[role] = password
    return found


def _make_admin(settings: Settings) -> None:
    from tiketi.cli.bootstrap import ensure_admin  # noqa: PLC0415 # slow to import
    from tiketi.kernel.errors import Unavailable  # noqa: PLC0415 # slow to import

    try:
        admin = asyncio.run(ensure_admin(settings))
    except (Unavailable, OSError) as error:
        fail(f"the first admin was not made: {error}")
    print(f"{admin.email} is an admin")
