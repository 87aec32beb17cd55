"""PostgreSQL: one pool that writes, one that may lag, and nothing that commits by itself.

Only an edge (a route, a loop, a command) opens ``transaction()`` or ``reader()``. Leaving commits,
an exception rolls back. Everything below takes the ``Tx`` or ``Reader`` as its first argument.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import CursorResult, Executable, event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tiketi.infra.gate import Gate
from tiketi.infra.pools import POOLS_DEFAULT, Pools
from tiketi.kernel.errors import TiketiError, Unavailable
from tiketi.settings import Settings

log = structlog.get_logger(__name__)

Params = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

_PING = text("SELECT 1")
# SQLSTATE: a demoted writer (read_only_sql_transaction). Such a connection never heals.
_DEMOTED = "25006"
# Classes 08 (connection), 53 (resources), 57 (operator intervention); deadlock, serialization.
_AWAY_CLASSES = ("08", "53", "57")
_CONFLICT_STATES = ("40P01", "40001")
_AWAY_STATES = (_DEMOTED, *_CONFLICT_STATES)
# Those that say something of the server, not of one statement or of its load.
_LOST_CLASSES = ("08", "57P", _DEMOTED)


class Reader:
    """Statements on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, params: Params = None) -> CursorResult[Any]:
        """The statement's buffered result."""
        return await self._connection.execute(statement, params)

    async def stream(self, statement: Executable, params: Params = None) -> AsyncIterator[Any]:
        """The rows one by one, from a server-side cursor; needs a transaction around it."""
        result = await self._connection.stream(statement, params)
        async for row in result:
            yield row

    async def fetch(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """The rows of one statement by the driver itself, where Core costs too much.

        ``query`` has the driver's places, ``$1`` and on.
        """
        driver = await self.driver()
        try:
            rows: list[asyncpg.Record] = await driver.fetch(query, *values)
        except asyncpg.PostgresError as error:
            if error.sqlstate == _DEMOTED:
                await self._connection.invalidate()
            raise
        return rows

    async def driver(self) -> "asyncpg.Connection[asyncpg.Record]":
        """The asyncpg connection underneath, for the few statements where Core costs too much."""
        raw = await self._connection.get_raw_connection()
        connection: asyncpg.Connection[asyncpg.Record] = raw.driver_connection
        return connection


class Tx(Reader):
    """A transaction. What must follow its commit, and only that, is kept until then."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self._after_commit: list[Callable[[], Awaitable[None]]] = []

    def after_commit(self, effect: Callable[[], Awaitable[None]]) -> None:
        """Run the effect once the commit is durable.

        It is best effort: its failure is logged, not raised, so it may only touch what a loop
        repairs by itself (caches, locks, the waiting room).
        """
        self._after_commit.append(effect)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that may fail alone: an exception undoes it and nothing before it."""
        async with self._connection.begin_nested():
            yield

    async def run_effects(self) -> None:
        for effect in self._after_commit:
            try:
                await effect()
            except Exception:  # the commit stands whatever an effect does
                log.warning("after_commit_failed", exc_info=True)


class Database:
    """``pools`` says how many connections a process may have, to the writer and to the reader."""

    def __init__(
        self, settings: Settings, *, application: str = "tiketi", pools: Pools = POOLS_DEFAULT
    ) -> None:
        if settings.database_url is None:
            raise ValueError("TIKETI_DATABASE_URL is not set")
        pools = pools.overridden_by(settings)
        self._writer = _engine(settings.database_url, settings, application, pools.writer)
        self._latest = self._writer.execution_options(isolation_level="AUTOCOMMIT")
        reader_url = settings.database_reader_url or settings.database_url
        self._reader = _engine(reader_url, settings, application, pools.reader).execution_options(
            isolation_level="AUTOCOMMIT"
        )
        self._to_writer = _gate_of(self._latest, pools.writer, settings)
        self._to_reader = _gate_of(self._reader, pools.reader, settings)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """One read-committed transaction on the writer; ``Unavailable`` while it is away."""
        async with self._to_writer.place():
            with _translated(self._to_writer):
                async with self._writer.begin() as connection:
                    tx = Tx(connection)
                    yield tx
        await tx.run_effects()

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[Reader]:
        """Reads that may lag, each its own snapshot."""
        async with self._to_reader.place():
            with _translated(self._to_reader):
                async with self._reader.connect() as connection:
                    yield Reader(connection)

    @asynccontextmanager
    async def latest(self) -> AsyncIterator[Reader]:
        """Reads on the writer, each its own snapshot: for what a lagging answer would get wrong."""
        async with self._to_writer.place():
            with _translated(self._to_writer):
                async with self._latest.connect() as connection:
                    yield Reader(connection)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Reader]:
        """Reads of one moment on the writer: for reports that must add up."""
        async with self._to_writer.place():
            with _translated(self._to_writer):
                async with self._writer.connect() as connection:
                    await connection.execution_options(isolation_level="REPEATABLE READ")
                    yield Reader(connection)

    async def close(self) -> None:
        await self._to_writer.aclose()
        await self._to_reader.aclose()
        await self._writer.dispose()
        await self._reader.dispose()


class _translated:  # noqa: N801 # reads as a statement: `with _translated(gate):`
    """Turns a store that is away into ``Unavailable``; other database errors stay what they are.

    The gate is told of both.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if error is None or (isinstance(error, TiketiError) and not isinstance(error, Unavailable)):
            self._gate.found_there()
        elif isinstance(error, DBAPIError):
            self._judge(getattr(error.orig, "sqlstate", None), error.connection_invalidated, error)
        elif isinstance(error, asyncpg.PostgresError):
            is_lost = isinstance(error, asyncpg.PostgresConnectionError)
            self._judge(error.sqlstate, is_lost, error)
        elif isinstance(error, PoolTimeout | OSError):
            self._gate.found_away()
            raise Unavailable("The database is busy or away for a moment.") from error
        elif isinstance(error, asyncpg.InterfaceError):
            self._gate.found_away()
            raise Unavailable("The database connection was lost.") from error

    def _judge(self, state: str | None, is_lost: bool, error: Exception) -> None:
        if is_lost or (state or "").startswith(_LOST_CLASSES):
            self._gate.found_away()
        else:
            self._gate.found_there()
        if is_lost or _is_away(state or ""):
            raise Unavailable("The database is away for a moment.") from error


def is_conflict(error: Unavailable) -> bool:
    """Whether it was a deadlock's victim: nothing changed, asking again is right."""
    cause = error.__cause__
    return getattr(getattr(cause, "orig", cause), "sqlstate", None) in _CONFLICT_STATES


def _is_away(state: str) -> bool:
    return state.startswith(_AWAY_CLASSES) or state in _AWAY_STATES


def _engine(url: str, settings: Settings, application: str, pool_max: int) -> AsyncEngine:
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


def _gate_of(engine: AsyncEngine, places: int, settings: Settings) -> Gate:
    async def probe() -> None:
        async with engine.connect() as connection:
            await connection.execute(_PING)

    return Gate(places, wait_seconds=settings.database_timeout_seconds, probe=probe)


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
    if getattr(context.original_exception, "sqlstate", None) == _DEMOTED:
        context.is_disconnect = True
