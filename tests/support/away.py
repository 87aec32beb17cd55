"""A process whose store refuses every connection for a while, or whose replies are lost."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tiketi.infra.embedded.ports import LOOPBACK, pick_free_port
from tiketi.infra.lua import LuaScript
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


class DeafStore(RedisStore):
    """Every script runs twice, as when its first reply was lost on the way."""

    async def run(self, script: LuaScript, keys: Sequence[str], args: Sequence[Any]) -> Any:
        await super().run(script, keys, args)
        return await super().run(script, keys, args)
