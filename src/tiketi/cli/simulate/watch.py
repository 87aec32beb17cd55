"""What everybody can see: availability and the board, read once a second for all buyers.

A thousand browsers would get these from the CDN, which asks the origin once a second: so does
this, and its buyers read the copy.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tiketi.cli.simulate.calls import Caller, OutOfTime, Unforeseen
from tiketi.cli.simulate.house import House, Snapshot
from tiketi.cli.simulate.ledger import Ledger

# Availability may lag a second, and a CDN adds another: once could be a moment between two.
EXHAUSTED_TIMES = 3
CAPACITY_PROMISE = "never more inside than the capacity (board)"


@dataclass(slots=True)
class Watch:
    """``exhausted`` is set once nothing is free or held in several answers in a row."""

    caller: Caller
    house: House
    ledger: Ledger
    snapshot: Snapshot
    interval_seconds: float
    board: Mapping[str, Any] = field(default_factory=dict)
    exhausted: asyncio.Event = field(default_factory=asyncio.Event)
    admitted_max: int = 0
    _etag: str = ""
    _times: int = 0
    _fresh: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, *, queue: bool) -> None:
        """Read until cancelled or out of time."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(self.read_availability))
            if queue:
                tasks.create_task(self._follow(self.read_board))

    async def next_snapshot(self) -> Snapshot:
        """The next availability that is read."""
        await self._fresh.wait()
        return self.snapshot

    async def read_availability(self) -> None:
        path = f"/events/{self.house.event_id}/availability"
        headers = {"if-none-match": self._etag} if self._etag else {}
        answer = await self.caller.call("availability", "GET", path, headers=headers)
        if answer.body:
            self.snapshot = Snapshot.of(self.house, answer.json())
            self._etag = answer.headers.get("etag", "")
        self._times = self._times + 1 if self.snapshot.exhausted else 0
        if self._times >= EXHAUSTED_TIMES:
            self.exhausted.set()
        self._fresh.set()
        self._fresh = asyncio.Event()

    async def read_board(self) -> None:
        answer = await self.caller.call("board", "GET", f"/queue/{self.house.event_id}/board")
        self.board = answer.json()
        admitted, capacity = self.board["admitted"], self.board["capacity"]
        self.admitted_max = max(self.admitted_max, admitted)
        self.ledger.watch(CAPACITY_PROMISE, admitted <= capacity, f"{admitted} of {capacity}")

    async def _follow(self, read: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await read()
                await self.caller.sleep(self.interval_seconds)
            except OutOfTime:
                return
            except Unforeseen:
                await asyncio.sleep(self.interval_seconds)  # counted as a fault; the watch goes on
