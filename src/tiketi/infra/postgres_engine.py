"""Engines for PostgreSQL: what a connection is set to, and when it is not to be used again."""

from typing import Any
from uuid import UUID

from sqlalchemy import event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from tiketi.settings import Settings

# SQLSTATE: a demoted writer (read_only_sql_transaction). Such a connection never heals.
DEMOTED = "25006"
_GENERATION = "generation"
_PING = text("SELECT 1")
_READ_ONLY = text("SHOW transaction_read_only")


class ReadOnly(Exception):
    """The server that should take writes takes none."""


class Generations:
    """A pool's connections, counted by fail-overs: those of before one are not used again.

    What is wrong with one of them is wrong with all, and each would cost a request to find out.
    """

    def __init__(self) -> None:
        self._current = 0

    def enter(self, _connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info[Generations] = self
        record.info[_GENERATION] = self._current

    def has(self, record_info: dict[Any, Any]) -> bool:
        """Whether the connection is of now, not of before a fail-over."""
        return bool(record_info[_GENERATION] == self._current)

    def end(self) -> None:
        """The server of the present ones was demoted."""
        self._current += 1

    def check(
        self, connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object
    ) -> None:
        """Before each use. One that the server closed, as a restart does, is no good either: it is
        replaced without a round trip, instead of failing a request.
        """
        if not self.has(record.info) or connection.driver_connection.is_closed():
            raise DisconnectionError

    def judge(self, context: ExceptionContext) -> None:
        if getattr(context.original_exception, "sqlstate", None) == DEMOTED:
            context.is_disconnect = True
            self.end()


def is_current(connection: AsyncConnection) -> bool:
    """Whether it can be used again as it is: open, and of after the last fail-over."""
    sync = connection.sync_connection
    if sync is None or sync.closed or sync.invalidated:
        return False
    raw = sync.connection
    info, driver = raw.info, raw.driver_connection
    return info[Generations].has(info) and driver is not None and not driver.is_closed()


async def drop_all(connection: AsyncConnection) -> None:
    """Neither it nor any other of its pool that is open now is used again."""
    (await connection.get_raw_connection()).info[Generations].end()
    await connection.invalidate()


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
    generations = Generations()
    event.listen(engine.sync_engine, "handle_error", generations.judge)
    event.listen(engine.sync_engine, "connect", generations.enter)
    event.listen(engine.sync_engine, "connect", _use_plain_uuids)
    event.listen(engine.sync_engine, "checkout", generations.check)
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
            await drop_all(connection)
            raise ReadOnly


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
