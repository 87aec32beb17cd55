"""The way to one database server: a place a connection, and no waiting while it is away.

A server that refuses, or that hangs, would have every caller wait for its timeouts. Once one call
found it away everybody is refused at once, and a task of the gate's own sees when it is back.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from tiketi.kernel.errors import Unavailable

# While the server is away it is tried so often, and a try is given up after so long.
PROBE_PAUSE_SECONDS = 0.25
PROBE_SECONDS_MAX = 1.0
# With every place taken, and none of them done for so long, the server hangs.
STALL_SECONDS = 1.5
_AWAY = "The database is away for a moment."
_BUSY = "The database is busy or away for a moment."


class Gate:
    """``places`` calls at once; who waits for a place waits ``wait_seconds`` at most.

    ``probe`` asks the server for anything, and raises while it is away.
    """

    def __init__(
        self, places: int, *, wait_seconds: float, probe: Callable[[], Awaitable[None]]
    ) -> None:
        self._free = places
        self._wait_seconds = wait_seconds
        self._probe = probe
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._away = False
        self._probing: asyncio.Task[None] | None = None
        self._moved_at = 0.0
        self._watch: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """One call's turn; raises Unavailable where there is none to be had."""
        if self._away:
            raise Unavailable(_AWAY)
        await self._take()
        try:
            yield
        finally:
            self._give_back()

    @property
    def free(self) -> int:
        """How many places nobody has."""
        return self._free

    @property
    def is_away(self) -> bool:
        """Whether the last that was heard of the server is that it does not answer."""
        return self._away

    def found_there(self) -> None:
        """The server answered."""
        self._away, self._moved_at = False, _now()

    def found_away(self) -> None:
        """It did not: whoever waits is told, and it is looked after until it is back."""
        self._away = True
        self._refuse_waiting(_AWAY)
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._probe_until_there())

    async def aclose(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._probing is not None:
            self._probing.cancel()
            with suppress(asyncio.CancelledError):
                await self._probing

    async def _probe_until_there(self) -> None:
        while self._away:
            try:
                async with asyncio.timeout(PROBE_SECONDS_MAX):
                    await self._probe()
            except Exception:  # noqa: BLE001 # whatever it is, the server did not answer
                await asyncio.sleep(PROBE_PAUSE_SECONDS)
            else:
                self.found_there()

    async def _take(self) -> None:
        if self._free > 0:
            self._free -= 1
            self._moved_at = _now()
            return
        if self._is_stalled():
            raise Unavailable(_BUSY)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._watch_progress()
        try:
            async with asyncio.timeout(self._wait_seconds):
                await turn
        except TimeoutError as error:
            self._pass_on(turn)
            raise Unavailable(_BUSY) from error
        except BaseException:
            self._pass_on(turn)
            raise

    def _pass_on(self, turn: asyncio.Future[None]) -> None:
        """Who leaves with a place that was just given to them gives it to the next."""
        if turn.done() and not turn.cancelled() and turn.exception() is None:
            self._give_back()
        else:
            turn.cancel()

    def _give_back(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _is_stalled(self) -> bool:
        return _now() - self._moved_at > STALL_SECONDS

    def _watch_progress(self) -> None:
        if self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(STALL_SECONDS / 2, self._look)

    def _look(self) -> None:
        self._watch = None
        if not self._waiting:
            return
        if self._is_stalled():
            self._refuse_waiting(_BUSY)
        else:
            self._watch_progress()

    def _refuse_waiting(self, why: str) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(Unavailable(why))


def _now() -> float:
    return asyncio.get_running_loop().time()
