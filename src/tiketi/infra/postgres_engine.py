"""Engines for PostgreSQL: what a connection is set to, and when it is not to be used again."""

from uuid import UUID

from sqlalchemy import event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tiketi.settings import Settings

# SQLSTATE: a demoted writer (read_only_sql_transaction). Such a connection never heals.
DEMOTED = "25006"
_PING = text("SELECT 1")
_READ_ONLY = text("SHOW transaction_read_only")


class ReadOnly(Exception):
    """The server that should take writes takes none."""


def open_engine(url: str, settings: Settings, application: str, pool_max: int) -> AsyncEngine:
    parsed = make_url(url).set(drivername="postgresql+asyncpg")
    server_settings = {
        "application_name": application,
        "jit": "off",
        "statement_timeout": str(int(settings.database_timeout_seconds * 1000)),
        "idle_in_transaction_session_timeout": "30000",
        "timezone": "UTC",
    }
    if settings.database_role:
        server_settings["role"] = settings.database_role
    engine = create_async_engine(
        parsed,
        pool_size=pool_max,
        max_overflow=0,
        hide_parameters=True,  # they are personal data and secrets, and errors are logged
        pool_timeout=settings.database_timeout_seconds,
        pool_use_lifo=True,
        connect_args={
            "server_settings": server_settings,
            "timeout": settings.database_timeout_seconds,
            "command_timeout": settings.database_timeout_seconds + 1,
        },
    )
    event.listen(engine.sync_engine, "handle_error", _drop_demoted)
    event.listen(engine.sync_engine, "connect", _use_plain_uuids)
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


async def probe_reader(engine: AsyncEngine) -> None:
    """Raises while the server does not answer."""
    async with engine.connect() as connection:
        await connection.execute(_PING)


async def probe_writer(engine: AsyncEngine) -> None:
    """Raises while nobody answers, or only a server that takes no writes: after a fail-over the
    name of the writer may for a while lead to the one that was demoted.
    """
    async with engine.connect() as connection:
        if (await connection.execute(_READ_ONLY)).scalar_one() == "on":
            await connection.invalidate()
            raise ReadOnly


def _refuse_closed(connection: DBAPIConnection, _record: object, _proxy: object) -> None:
    """After a restart of the server the pool is full of dead connections: each is replaced
    when it is next asked for, which costs no round trip, instead of failing a request.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _use_plain_uuids(connection: DBAPIConnection, _record: object) -> None:
    """Asyncpg's own UUID class is faster to make, but orjson refuses to write it."""
    connection.run_async(
        lambda driver: driver.set_type_codec(
            "uuid",
            schema="pg_catalog",
            format="binary",
            encoder=lambda value: (value if isinstance(value, UUID) else UUID(value)).bytes,
            decoder=lambda raw: UUID(bytes=bytes(raw)),
        )
    )


def _drop_demoted(context: ExceptionContext) -> None:
    """A fail-over leaves pooled connections on the old writer: drop each as soon as it says so."""
    if getattr(context.original_exception, "sqlstate", None) == DEMOTED:
        context.is_disconnect = True
