"""Start and stop: keys are known before the first request, work in flight ends after the last."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import structlog

from tiketi.infra.http.dispatch import WritesInFlight
from tiketi.infra.keyspace import tags
from tiketi.infra.loops import Loop, run_loop
from tiketi.infra.runtime import Runtime

log = structlog.get_logger(__name__)

JWKS_TRIES_MAX = 30
JWKS_WAIT_SECONDS = 1.0


class Lifespan:
    def __init__(self, runtime: Runtime, loops: Sequence[Loop]) -> None:
        self._runtime = runtime
        self._loops = loops
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        await receive()
        try:
            await self.start()
        except Exception as error:  # the server is told, and stops
            log.exception("start_failed")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def start(self) -> None:
        tags()  # a tenth of a second, which the first request would pay
        await _learn_keys(self._runtime)
        self._tasks = [
            asyncio.create_task(run_loop(self._runtime, loop), name=loop.name)
            for loop in self._loops
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._runtime.one(WritesInFlight).settle(
            self._runtime.settings.shutdown_grace_seconds
        )
        await self._runtime.close()


async def _learn_keys(runtime: Runtime) -> None:
    """Fetch the public keys where neither a signing key nor a key set was given."""
    url = runtime.settings.jwks_url
    if url is None:
        return
    async with httpx.AsyncClient(timeout=JWKS_WAIT_SECONDS * 5) as client:
        for tried in range(JWKS_TRIES_MAX):
            try:
                runtime.keys.learn((await client.get(url)).raise_for_status().text)
            except (httpx.HTTPError, ValueError, KeyError) as error:
                log.warning("jwks_unavailable", tried=tried + 1, reason=str(error))
                await asyncio.sleep(JWKS_WAIT_SECONDS)
            else:
                return
    raise RuntimeError(f"no keys at TIKETI_JWKS_URL after {JWKS_TRIES_MAX} tries")
