"""Brings a database to this version's schema, then makes the roles and their grants."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from tiketi.infra.roles import grant_all

# Two tasks that migrate at once wait for each other here.
_LOCK_ID = 7_450_613_291
CONNECT_TIMEOUT_SECONDS = 10


def upgrade(database_url: str) -> None:
    """Migrate to the newest version. Must not be called from a running event loop."""
    asyncio.run(upgrade_async(database_url))


async def upgrade_async(database_url: str) -> None:
    engine = create_async_engine(
        make_url(database_url).set(drivername="postgresql+asyncpg"),
        connect_args={"timeout": CONNECT_TIMEOUT_SECONDS},
    )
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_ID})"))
            await connection.run_sync(_upgrade)
            await connection.run_sync(grant_all)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def migrations_folder() -> Path:
    """The migrations as installed with the package, or as they stand in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parents[1] / "migrations"
