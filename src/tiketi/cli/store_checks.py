"""What can be wrong with the stores: away, too old, not migrated, on another time."""

import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
from alembic.config import Config
from alembic.script import ScriptDirectory
from redis.asyncio import RedisCluster
from redis.exceptions import RedisError

from tiketi.cli.findings import Finding, ok, warning, wrong
from tiketi.infra.embedded.binaries import POSTGRES_MAJOR_MIN, REDIS_MAJOR_MIN
from tiketi.infra.migrations import migrations_folder
from tiketi.infra.redis import RedisStore
from tiketi.kernel.clock import SystemClock
from tiketi.kernel.errors import TiketiError
from tiketi.settings import Settings

CONNECT_TIMEOUT_SECONDS = 5.0
SKEW_SECONDS_MAX = 1.0  # an on-sale opens by the clock


async def check_database(url: str, subject: str = "database") -> AsyncIterator[Finding]:
    try:
        connection = await asyncpg.connect(_plain(url), timeout=CONNECT_TIMEOUT_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, ValueError) as error:
        yield wrong(subject, f"not reached: {_words(error)}", "is it up, and the URL right?")
        return
    try:
        version = await connection.fetchval("SHOW server_version")
        if connection.get_server_version().major < POSTGRES_MAJOR_MIN:
            remedy = f"PostgreSQL {POSTGRES_MAJOR_MIN} or newer is needed"
            yield wrong(subject, f"PostgreSQL {version}", remedy)
            return
        yield ok(subject, f"PostgreSQL {version} answers")
        yield await _check_schema(connection)
        there = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())")
        yield _check_skew(f"{subject} clock", float(there))
    finally:
        await connection.close()


async def _check_schema(connection: "asyncpg.Connection[Any]") -> Finding:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    wanted = ScriptDirectory.from_config(config).get_current_head()
    try:
        found = await connection.fetchval("SELECT version_num FROM public.alembic_version")
    except asyncpg.UndefinedTableError:
        found = None
    if found == wanted:
        return ok("schema", f"at {found}, the newest")
    known = "empty" if found is None else f"at {found}"
    return wrong("schema", f"{known}, but this version needs {wanted}", "run `tiketi migrate`")


async def check_redis(settings: Settings) -> AsyncIterator[Finding]:
    """``settings.redis_url`` is set; of a cluster one node is asked."""
    store = RedisStore(settings)
    try:
        server = await _ask(store, "INFO", "server")
        version = str(server.get("redis_version", "0"))
        if int(version.split(".", maxsplit=1)[0]) < REDIS_MAJOR_MIN:
            remedy = f"Redis {REDIS_MAJOR_MIN} or Valkey is needed"
            yield wrong("redis", f"version {version}", remedy)
            return
        yield ok("redis", f"speaks Redis {version}")
        policy = (await _ask(store, "INFO", "memory")).get("maxmemory_policy")
        if policy != "noeviction":
            remedy = "set it to noeviction: a lock must not go by pressure of memory"
            yield warning("redis memory", f"maxmemory-policy is {policy}", remedy)
        seconds, microseconds = await _ask(store, "TIME")
        yield _check_skew("redis clock", int(seconds) + int(microseconds) / 1e6)
    except (OSError, TiketiError, RedisError, ValueError) as error:
        yield wrong("redis", f"not reached: {_words(error)}", "is it up, and the URL right?")
    finally:
        await store.close()


async def _ask(store: RedisStore, *words: str) -> Any:
    """The reply, parsed; a cluster must be told which node, and may answer by node."""
    if not isinstance(store.client, RedisCluster):
        return await store.client.execute_command(*words)
    reply = await store.client.execute_command(*words, target_nodes=RedisCluster.RANDOM)
    by_node = isinstance(reply, dict) and isinstance(next(iter(reply.values())), dict | tuple)
    return next(iter(reply.values())) if by_node else reply


def _check_skew(subject: str, there: float) -> Finding:
    skew = there - SystemClock().now().timestamp()
    said = f"{abs(skew):.2f} s {'ahead of' if skew > 0 else 'behind'} this machine"
    if abs(skew) > SKEW_SECONDS_MAX:
        return wrong(subject, said, "let both follow the same time server")
    return ok(subject, said)


def _plain(url: str) -> str:
    """Without the driver that SQLAlchemy lets a URL name."""
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)


def _words(error: BaseException) -> str:
    cause = error.__cause__ or error
    return str(cause) or type(cause).__name__
