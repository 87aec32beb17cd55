"""PostgreSQL: one pool that writes, one that may lag, and nothing that commits by itself.

Only an edge (a route, a loop, a command) opens ``transaction()`` or ``reader()``. Leaving commits,
an exception rolls back. Everything below takes the ``Tx`` or ``Reader`` as its first argument.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import Any

import asyncpg
import structlog
from sqlalchemy import CursorResult, Executable, TextClause, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from tiketi.infra.gate import Gate
from tiketi.infra.pools import POOLS_DEFAULT, Pools
from tiketi.infra.postgres_engine import DEMOTED, drop_all, open_engine, probe_reader, probe_writer
from tiketi.infra.postgres_kept import KeptConnections
from tiketi.kernel.errors import TiketiError, Unavailable
from tiketi.settings import Settings

log = structlog.get_logger(__name__)

Params = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

# Classes 08 (connection), 53 (resources), 57 (operator intervention); deadlock, serialization.
_AWAY_CLASSES = ("08", "53", "57")
_CONFLICT_STATES = ("40P01", "40001")
_AWAY_STATES = (DEMOTED, *_CONFLICT_STATES)
# Those that say something of the server, not of one statement or of its load.
_LOST_CLASSES = ("08", "57P", DEMOTED)
_BEGIN = text("SELECT 1")
_DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # as SQLAlchemy has it


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

    async def rows(self, statement: TextClause, params: Mapping[str, Any]) -> list[asyncpg.Record]:
        """The statement's rows by the driver itself: of one that every order asks, since Core takes
        twice as long. ``execute`` does for all others.
        """
        query, names = by_places(statement)
        return await self.fetch(query, *[params[name] for name in names])

    async def fetch(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """The same where ``query`` has the driver's places, ``$1`` and on."""
        driver = await self.driver()
        try:
            rows: list[asyncpg.Record] = await driver.fetch(query, *values)
        except asyncpg.PostgresError as error:
            if error.sqlstate == DEMOTED:
                await drop_all(self._connection)
            raise
        return rows

    async def driver(self) -> "asyncpg.Connection[asyncpg.Record]":
        """The asyncpg connection underneath, for the few statements where Core costs too much."""
        sync = self._connection.sync_connection
        if sync is None or sync.invalidated:
            raw = await self._connection.get_raw_connection()
        else:
            raw = sync.connection  # the same, at a tenth of the price
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

    async def fetch(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """The same, in the transaction: Core begins that with its first statement, the driver
        never; so a ``fetch`` that comes first costs one statement more.
        """
        if not (await self.driver()).is_in_transaction():
            await self.execute(_BEGIN)
        return await super().fetch(query, *values)

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
        writer_url, reader_url = settings.database_url, settings.database_reader_url
        self._writer = open_engine(writer_url, settings, application, pools.writer)
        self._latest = self._writer.execution_options(isolation_level="AUTOCOMMIT")
        self._reader = open_engine(
            reader_url or writer_url, settings, application, pools.reader
        ).execution_options(isolation_level="AUTOCOMMIT")
        self._kept = KeptConnections(self._latest)
        wait_seconds = settings.database_timeout_seconds
        ask_writer, ask_reader = self._probe_writer, partial(probe_reader, self._reader)
        self._to_writer = Gate(pools.writer, wait_seconds=wait_seconds, probe=ask_writer)
        self._to_reader = Gate(pools.reader, wait_seconds=wait_seconds, probe=ask_reader)
        # What the writer lends to reads while their own server is away: the other half commits.
        self._instead = Gate(max(1, pools.writer // 2), wait_seconds=wait_seconds, probe=ask_writer)
        self._has_reader = reader_url not in (None, writer_url)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """One read-committed transaction on the writer; ``Unavailable`` while it is away."""
        async with self._to_writer.place():
            with _translated(self._to_writer):
                await self._kept.make_room(self._to_writer)
                async with self._writer.begin() as connection:
                    tx = Tx(connection)
                    yield tx
        await tx.run_effects()

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[Reader]:
        """Reads that may lag, each its own snapshot; on the writer while the reader is away."""
        begun = False
        try:
            async with self._to_reader.place():
                with _translated(self._to_reader):
                    async with self._reader.connect() as connection:
                        begun = True
                        yield Reader(connection)
        except Unavailable:
            if begun or not (self._has_reader and self._to_reader.is_away):
                raise
        if not begun:
            async with self._instead.place(), self.latest() as reader:
                yield reader

    @asynccontextmanager
    async def latest(self) -> AsyncIterator[Reader]:
        """Reads on the writer, each its own snapshot: for what a lagging answer would get wrong."""
        async with self._to_writer.place():
            with _translated(self._to_writer):
                connection = await self._kept.take(self._to_writer)
                try:
                    yield Reader(connection)
                    await self._kept.give_back(connection)
                except BaseException:
                    await asyncio.shield(connection.close())
                    raise

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Reader]:
        """Reads of one moment on the writer: for reports that must add up."""
        async with self._to_writer.place():
            with _translated(self._to_writer):
                await self._kept.make_room(self._to_writer)
                async with self._writer.connect() as connection:
                    await connection.execution_options(isolation_level="REPEATABLE READ")
                    yield Reader(connection)

    async def close(self) -> None:
        await self._to_writer.aclose()
        await self._to_reader.aclose()
        await self._instead.aclose()
        await self._kept.drop()
        await self._writer.dispose()
        await self._reader.dispose()

    async def _probe_writer(self) -> None:
        # None of those that are kept may keep the probe from the pool.
        await self._kept.drop()
        await probe_writer(self._latest)


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
            is_lost = error.connection_invalidated or _is_drivers_own(error)
            self._judge(getattr(error.orig, "sqlstate", None), is_lost, error)
        elif isinstance(error, asyncpg.PostgresError):
            is_lost = isinstance(error, asyncpg.PostgresConnectionError)
            self._judge(error.sqlstate, is_lost, error)
        elif isinstance(error, PoolTimeout | OSError):
            self._gate.found_away()
            raise Unavailable("The database is busy or away for a moment.") from error
        elif isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
            self._gate.found_away()
            raise Unavailable("The database connection was lost.") from error

    def _judge(self, state: str | None, is_lost: bool, error: Exception) -> None:
        if is_lost or (state or "").startswith(_LOST_CLASSES):
            self._gate.found_away()
        else:
            self._gate.found_there()
        if is_lost or _is_away(state or ""):
            raise Unavailable("The database is away for a moment.") from error


@cache
def by_places(statement: TextClause) -> tuple[str, tuple[str, ...]]:
    """A statement of a module as the driver takes it, and the names of its places."""
    compiled = statement.compile(dialect=_DIALECT)
    return str(compiled), tuple(compiled.positiontup or ())


def is_conflict(error: Unavailable) -> bool:
    """Whether it was a deadlock's victim: nothing changed, asking again is right."""
    cause = error.__cause__
    return getattr(getattr(cause, "orig", cause), "sqlstate", None) in _CONFLICT_STATES


def _is_drivers_own(error: DBAPIError) -> bool:
    """Whether the driver gave up: no host takes writes, or what came was not the protocol."""
    return isinstance(getattr(error.orig, "__cause__", None), asyncpg.InternalClientError)


def _is_away(state: str) -> bool:
    return state.startswith(_AWAY_CLASSES) or state in _AWAY_STATES
