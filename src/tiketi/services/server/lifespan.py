"""ASGI's lifespan, run by us so that every server behaves alike and its end is bounded."""

import asyncio
from typing import Any

import structlog

from tiketi.services.server.engine import Asgi, Message, ServerError

log = structlog.get_logger("tiketi.server")

STARTUP_SECONDS = 60.0
CANCEL_SECONDS = 1.0


class Lifespan:
    def __init__(self, app: Asgi) -> None:
        self._app = app
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[Any] | None = None

    async def start(self) -> None:
        """Raises ServerError if the application cannot start."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        self._task = asyncio.create_task(self._run(scope))
        answer = await self._ask("lifespan.startup", STARTUP_SECONDS)
        if answer["type"] != "lifespan.startup.complete":
            raise ServerError(
                f"the service could not start: {answer.get('message') or 'see above'}"
            )

    async def stop(self, timeout_seconds: float) -> None:
        """Let the application close what it opened; what takes too long is cancelled."""
        if self._task is None or self._task.done():
            return
        try:
            await self._ask("lifespan.shutdown", timeout_seconds)
            await asyncio.wait([self._task], timeout=CANCEL_SECONDS)
        except ServerError as error:
            log.warning("shutdown_failed", reason=str(error))
        self._task.cancel()
        await asyncio.wait([self._task], timeout=CANCEL_SECONDS)

    async def _run(self, scope: dict[str, Any]) -> None:
        try:
            await self._app(scope, self._inbox.get, self._answers.put)
        except Exception as error:
            log.exception("lifespan_failed")
            message = f"{type(error).__name__}: {error}"
            await self._answers.put({"type": "lifespan.failed", "message": message})

    async def _ask(self, question: str, seconds: float) -> Message:
        await self._inbox.put({"type": question})
        try:
            async with asyncio.timeout(seconds):
                return await self._answers.get()
        except TimeoutError as error:
            raise ServerError(f"{question} took over {seconds:g} s") from error
