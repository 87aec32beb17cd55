"""The way to one database server: a place a connection, and no waiting while it is away.

A server that refuses, or that hangs, would have every caller wait for its timeouts. Once one call
found it away, one at a time goes to see whether it is back, and the rest are refused at once.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tiketi.kernel.errors import Unavailable

# While the server is away, so often one call tries it.
RETRY_SECONDS = 0.25
# With every place taken, and none of them done for so long, the server hangs.
STALL_SECONDS = 1.5
_AWAY = "The database is away for a moment."
_BUSY = "The database is busy or away for a moment."


class Gate:
    """``places`` calls at once; who waits for a place waits ``wait_seconds`` at most."""

    def __init__(
        self, places: int, *, wait_seconds: float, now: Callable[[], float] | None = None
    ) -> None:
        self._free = places
        self._wait_seconds = wait_seconds
        self._now = now or (lambda: asyncio.get_running_loop().time())
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._away = False
        self._trying = False
        self._retry_at = 0.0
        self._moved_at = 0.0
        self._watch: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """One call's turn; raises Unavailable where there is none to be had."""
        is_trial = self._begin_trial()
        try:
            await self._take()
            try:
                yield
            finally:
                self._give_back()
        finally:
            if is_trial:
                # Not told that the server is there: it is not, or the caller left.
                self._trying = False
                self._retry_at = self._now() + RETRY_SECONDS

    def found_there(self) -> None:
        """The server answered."""
        self._away, self._moved_at = False, self._now()

    def found_away(self) -> None:
        """It did not: whoever waits is told, and the next to come goes to see."""
        if not self._away:
            self._away, self._retry_at = True, self._now()
        self._refuse_waiting(_AWAY)

    def _begin_trial(self) -> bool:
        if not self._away:
            return False
        if self._trying or self._now() < self._retry_at:
            raise Unavailable(_AWAY)
        self._trying = True
        return True

    async def _take(self) -> None:
        if self._free > 0:
            self._free -= 1
            self._moved_at = self._now()
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
        return self._now() - self._moved_at > STALL_SECONDS

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
