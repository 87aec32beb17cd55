"""One attempt at a time for each thing to be done, shared by all who need it done."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

from tiketi.infra.runtime import Runtime


class Flights:
    """Bounded by what is in flight: an ended attempt is forgotten."""

    def __init__(self, _runtime: Runtime) -> None:
        self._tasks: dict[Hashable, asyncio.Task[None]] = {}

    async def share(self, key: Hashable, attempt: Callable[[], Awaitable[None]]) -> None:
        """Wait for the attempt under way, or begin one; whatever it raises."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(_run(attempt))
            task.add_done_callback(lambda done: self._landed(key, done))
        # One who goes away does not end it for the others.
        await asyncio.shield(task)

    def _landed(self, key: Hashable, task: asyncio.Task[None]) -> None:
        del self._tasks[key]
        if not task.cancelled():
            task.exception()


async def _run(attempt: Callable[[], Awaitable[None]]) -> None:
    await attempt()
