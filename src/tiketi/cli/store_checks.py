"""What can be wrong with the stores: away, too old, not migrated, on another time."""

import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
from alembic.config import Config
from alembic.script import ScriptDirectory
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
        version = connection.get_server_version()
        if version.major < POSTGRES_MAJOR_MIN:
            remedy = f"PostgreSQL {POSTGRES_MAJOR_MIN} or newer is needed"
            yield wrong(subject, f"PostgreSQL {version.major}", remedy)
            return
        yield ok(subject, f"PostgreSQL {version.major}.{version.minor} answers")
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
    """``settings.redis_url`` is set."""
    store = RedisStore(settings)
    try:
        info = _text(await store.command("INFO", "server"))
        version = (re.search(r"redis_version:(\S+)", info) or ["", "0"])[1]
        if int(version.split(".")[0]) < REDIS_MAJOR_MIN:
            remedy = f"Redis {REDIS_MAJOR_MIN} or Valkey is needed"
            yield wrong("redis", f"version {version}", remedy)
            return
        yield ok("redis", f"speaks Redis {version}")
        memory = _text(await store.command("INFO", "memory"))
        policy = (re.search(r"maxmemory_policy:(\S+)", memory) or ["", "unknown"])[1]
        if policy != "noeviction":
            remedy = "set it to noeviction: a lock must not go by pressure of memory"
            yield warning("redis memory", f"maxmemory-policy is {policy}", remedy)
        seconds, microseconds = await store.command("TIME")
        yield _check_skew("redis clock", int(seconds) + int(microseconds) / 1e6)
    except (OSError, TiketiError, RedisError, ValueError) as error:
        yield wrong("redis", f"not reached: {_words(error)}", "is it up, and the URL right?")
    finally:
        await store.close()


def _check_skew(subject: str, there: float) -> Finding:
    skew = there - SystemClock().now().timestamp()
    said = f"{abs(skew):.2f} s {'ahead of' if skew > 0 else 'behind'} this machine"
    if abs(skew) > SKEW_SECONDS_MAX:
        return wrong(subject, said, "let both follow the same time server")
    return ok(subject, said)


def _plain(url: str) -> str:
    """Without the driver that SQLAlchemy lets a URL name."""
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)


def _text(reply: Any) -> str:
    """A cluster answers by node, one of which is enough."""
    if isinstance(reply, dict):
        reply = next(iter(reply.values()))
    return reply.decode() if isinstance(reply, bytes) else str(reply)


def _words(error: BaseException) -> str:
    cause = error.__cause__ or error
    return str(cause) or type(cause).__name__
