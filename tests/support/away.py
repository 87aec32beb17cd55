"""A process whose store refuses every connection, for a while."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tiketi.infra.embedded.ports import LOOPBACK, pick_free_port
from tiketi.infra.postgres import Database
from tiketi.infra.redis import RedisStore
from tiketi.infra.runtime import Runtime


@asynccontextmanager
async def database_away(runtime: Runtime) -> AsyncIterator[None]:
    here = runtime.database
    url = f"postgresql://nobody@{LOOPBACK}:{pick_free_port()}/nothing"
    runtime.database = Database(runtime.settings.model_copy(update={"database_url": url}))
    try:
        yield
    finally:
        await runtime.database.close()
        runtime.database = here


@asynccontextmanager
async def redis_away(runtime: Runtime) -> AsyncIterator[None]:
    here = runtime.redis
    url = f"redis://{LOOPBACK}:{pick_free_port()}/0"
    runtime.redis = RedisStore(runtime.settings.model_copy(update={"redis_url": url}))
    try:
        yield
    finally:
        await runtime.redis.close()
        runtime.redis = here
