"""People who stand in one line and hold every answer against what they were promised before."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from tests.support.waiting_room import admit, join
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor
from tiketi.kernel.errors import Unavailable
from tiketi.queue import api as queue
from tiketi.queue.tokens import find_receipt

TRY_AGAIN_SECONDS = 0.1
POLL_SECONDS = (0.2, 0.6)


@dataclass(frozen=True)
class Answer:
    state: str
    number: int | None
    position: int | None
    receipt: str


class Door(Protocol):
    """The calls of a client. Unavailable: ask again; None: not in the queue."""

    async def join(self, actor: Actor, receipt: str | None) -> Answer: ...

    async def ask(self, actor: Actor, receipt: str) -> Answer | None: ...

    async def leave(self, actor: Actor) -> None: ...


class LibraryDoor:
    """The module's own calls, by any of several runtimes."""

    def __init__(self, runtimes: list[Runtime], event_id: UUID) -> None:
        self._runtimes, self._event_id = runtimes, event_id

    async def join(self, actor, receipt):
        return _answer(await join(self._runtime(), self._event_id, actor, receipt))

    async def ask(self, actor, receipt):
        runtime = self._runtime()
        shown = queue.Receipt(receipt, find_receipt(runtime, receipt))
        now = runtime.clock.now()
        try:
            return _answer(
                await queue.read_status(runtime, actor, self._event_id, shown=shown, now=now)
            )
        except queue.NotInQueue:
            return None

    async def leave(self, actor):
        await queue.leave_queue(self._runtime(), actor, self._event_id)

    def _runtime(self):
        return random.choice(self._runtimes)


def _answer(standing: queue.Standing) -> Answer:
    place = standing.place
    return Answer(place.state.value, place.number, place.position, standing.receipt)


@dataclass
class Crowd:
    """``broken`` names every promise that was not kept; ``joined`` and ``admitted`` are moments.

    A moment is (when the call began, when it was answered), of the process's monotonic time.
    """

    door: Door
    broken: list[str] = field(default_factory=list)
    owners: dict[int, Actor] = field(default_factory=dict)
    joined: list[tuple[float, float]] = field(default_factory=list)
    admitted: list[tuple[float, float]] = field(default_factory=list)

    async def visit(self, actor: Actor, *, stay_seconds: float) -> None:
        """Join, wait for one's turn, stay inside a while, leave."""
        person = Person(self, actor)
        await person.join()
        while person.answer.state != "admitted":
            await asyncio.sleep(random.uniform(*POLL_SECONDS))
            await person.ask()
        await asyncio.sleep(stay_seconds)
        await insist(lambda: self.door.leave(actor))

    def gap_seconds(self, moments: list[tuple[float, float]], since: float) -> float:
        """From then to the first answer to a call that began after it."""
        return min(answered for began, answered in moments if began > since) - since


@dataclass
class Person:
    crowd: Crowd
    actor: Actor
    answer: Answer | None = None

    async def join(self) -> None:
        receipt = self.answer.receipt if self.answer else None
        began = time.monotonic()
        answer = await insist(lambda: self.crowd.door.join(self.actor, receipt))
        self.crowd.joined.append((began, time.monotonic()))
        self._hear(answer, began)

    async def ask(self) -> None:
        receipt, began = self.answer.receipt, time.monotonic()
        answer = await insist(lambda: self.crowd.door.ask(self.actor, receipt))
        if answer is None:
            await self.join()
        else:
            self._hear(answer, began)

    def _hear(self, answer: Answer, began: float) -> None:
        before, self.answer = self.answer, answer
        owner = self.crowd.owners.setdefault(answer.number, self.actor)
        if owner is not self.actor:
            self.crowd.broken.append(f"number {answer.number} was given twice")
        if before is not None and answer.number != before.number:
            self.crowd.broken.append(f"number {before.number} became {answer.number}")
        if answer.state == "admitted" and (before is None or before.state != "admitted"):
            self.crowd.admitted.append((began, time.monotonic()))
        places = (before.position if before else None, answer.position)
        if None not in places and places[0] < places[1]:
            self.crowd.broken.append(f"number {answer.number}: position {places[0]} → {places[1]}")


async def insist(call: Callable[[], Awaitable[Answer | None]]) -> Answer | None:
    """As a client does that is told to come back later."""
    while True:
        try:
            return await call()
        except Unavailable:
            await asyncio.sleep(TRY_AGAIN_SECONDS)


@asynccontextmanager
async def alongside(*endless):
    """Run these until the block ends, and let them close what they hold."""
    tasks = [asyncio.create_task(one) for one in endless]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def admit_for_ever(runtime: Runtime) -> None:
    while True:
        with suppress(Unavailable):
            await admit(runtime)
        await asyncio.sleep(0.05)


async def watch_boards(runtime: Runtime, event_id: UUID, boards: list[queue.Board]) -> None:
    while True:
        with suppress(Unavailable):
            boards.append(await queue.read_latest_board(runtime, event_id))
        await asyncio.sleep(0.02)
