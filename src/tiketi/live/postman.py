"""Empties mailboxes one after another in one task: a task of its own for each message would cost
as much as writing it. Only whose client does not read at once gets one, till they have read.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)

EMPTIED_AT_ONCE_MAX = 250  # then others have their turn on the loop

Empty = Callable[[], Coroutine[Any, Any, None]]
Hold = Callable[[asyncio.Task[None]], None]


class Postman:
    def __init__(self) -> None:
        self._due: deque[tuple[Empty, Hold]] = deque()
        self._round: asyncio.Task[None] | None = None

    def call(self, empty: Empty, hold: Hold) -> None:
        """Have the mailbox emptied soon; ``hold`` gets the task if that has to wait."""
        self._due.append((empty, hold))
        if self._round is None:
            self._round = asyncio.create_task(self._go_round())

    async def _go_round(self) -> None:
        emptied = 0
        while self._due:
            empty, hold = self._due.popleft()
            emptying = empty()
            try:
                # As the loop would step it; without a wait it ends right here.
                waited_for = emptying.send(None)
            except StopIteration:
                emptied += 1
                if emptied % EMPTIED_AT_ONCE_MAX == 0:
                    await asyncio.sleep(0)
            except Exception:
                # Those who come after it must not suffer for it.
                log.exception("delivery_broke")
            else:
                self._leave_to_another(hold)
                await _rest_of(emptying, waited_for)
                return
        self._round = None

    def _leave_to_another(self, hold: Hold) -> None:
        """The task stays with the one who does not read; the others are another's."""
        task, self._round = self._round, None
        assert task is not None
        hold(task)
        if self._due:
            self._round = asyncio.create_task(self._go_round())


@coroutine
def _rest_of(emptying: Coroutine[Any, Any, None], waited_for: Any) -> Generator[Any, Any, None]:
    """What is left of a coroutine that waits for the first time, as `yield from` would do it."""
    while True:
        try:
            try:
                value = yield waited_for
            except BaseException as error:  # noqa: BLE001 # it is the coroutine's to handle
                waited_for = emptying.throw(error)
            else:
                waited_for = emptying.send(value)
        except StopIteration:
            return
