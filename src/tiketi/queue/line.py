"""A line as one process follows it: read once, and everybody's position computed from it."""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable
from tiketi.queue import store
from tiketi.queue.domain import Board, Place, PlaceState, Standing
from tiketi.queue.drawing import hold_draw
from tiketi.queue.estimate import (
    POLL_SECONDS_MAX,
    Outlook,
    poll_after_seconds,
    poll_before_draw_seconds,
)
from tiketi.queue.replies import DrawDue, RoomLost
from tiketi.queue.syncing import sync_room

# So many numbers left are read anew whenever they changed; with more of them the older list serves
# for as many seconds as it is that much longer. A position is then late, but never grows.
LEFT_A_SECOND_MAX = 20_000
# A lost room, then a draw that is due; and once more if it is lost again meanwhile.
TRIES_MAX = 4


@dataclass(frozen=True, slots=True)
class Line:
    """The board, and the numbers above ``serving`` that were left, rising.

    The numbers are those of the moment of ``left_board``; ``left_at`` is the process's monotonic
    time of it.
    """

    board: Board
    left: Sequence[int]
    left_board: Board
    left_at: float
    outlook: Outlook = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "outlook", Outlook(self.board))

    def move(self, place: Place) -> Place:
        """The waiting place as of this line, as lua/figures.lua ``gone_below`` has it.

        What the store once said is gone never comes back, and it holds what a receipt restored, so
        it can only be passed. While a draw is awaited there is no position to move.
        """
        if place.number is None or not place.is_drawn:
            return place
        serving = self.board.serving
        ahead = bisect_left(self.left, place.number) - bisect_right(self.left, serving)
        gone = min(place.number - 1, max(serving + max(0, ahead), place.gone))
        if gone == place.gone:
            return place
        # By hand, as a tick does it for everybody: `replace` would take half of the whole.
        return Place(place.state, place.number, gone, place.expires_at, place.given)

    @property
    def data(self) -> tuple[int, int, bool]:
        """Epoch, life, and whether a draw was held: in another one numbers mean something else."""
        return self.board.epoch, self.board.life, self.board.is_drawn

    def is_of(self, board: Board) -> bool:
        """Whether numbers mean the same on both."""
        return self.data == (board.epoch, board.life, board.is_drawn)

    def still_waits(self, number: int) -> bool:
        """Whether the number can be neither admitted nor left; otherwise only the store knows."""
        if number <= self.board.serving:
            return False
        at = bisect_left(self.left, number)
        return at == len(self.left) or self.left[at] != number


async def read_line(runtime: Runtime, event_id: UUID, known: Line | None = None) -> Line:
    """The line of this moment; ``known`` is the caller's last, which need not be sent again."""
    for _ in range(TRIES_MAX):
        reply = await _read(runtime, event_id, known)
        if isinstance(reply, RoomLost):
            await sync_room(runtime, event_id)
        elif isinstance(reply, DrawDue):
            await hold_draw(runtime, event_id, reply)
        else:
            return reply
        known = None
    raise Unavailable("The waiting room is being set up.")


def wait_standing(outlook: Outlook, place: Place, receipt: str) -> Standing:
    """A waiting person's standing with the receipt that they have: nothing is signed."""
    board, position, held_back = outlook.board, place.position, outlook.held_back
    roll = random.random()  # noqa: S311 # spreads the polls, guards nothing
    if position is None:
        poll_seconds = poll_before_draw_seconds(board, roll)
        return Standing(place, None, poll_seconds, receipt, held_back=held_back)
    estimate = outlook.estimate(position)
    poll_seconds = poll_after_seconds(estimate, roll, board, position)
    return Standing(place, estimate, poll_seconds, receipt, held_back=held_back)


def rest_standing(receipt: str) -> Standing:
    """What is said when a place is gone: joining gives another, or the same by the receipt."""
    return Standing(Place(PlaceState.EXPIRED), None, POLL_SECONDS_MAX, receipt)


async def _read(runtime: Runtime, event_id: UUID, known: Line | None) -> Line | DrawDue | RoomLost:
    now = runtime.clock.monotonic()
    if known is None:
        read = await store.read_line(runtime.redis, event_id, None, 0)
    elif now - known.left_at < len(known.left) / LEFT_A_SECOND_MAX - 1:
        board = await store.read_board(runtime.redis, event_id)
        if isinstance(board, RoomLost | DrawDue):
            return board
        if _same_numbers(board, known.left_board):
            return replace(known, board=board)
        read = await store.read_line(runtime.redis, event_id, None, 0)
    else:
        read = await store.read_line(
            runtime.redis, event_id, known.left_board, left_count=len(known.left)
        )
    if isinstance(read, RoomLost | DrawDue):
        return read
    board, left = read
    if left is None:
        assert known is not None
        if _same_numbers(board, known.left_board):
            return replace(known, board=board, left_at=now)
        return await _read(runtime, event_id, None)
    return Line(board, left, left_board=board, left_at=now)


def _same_numbers(board: Board, before: Board) -> bool:
    """Whether numbers mean the same on both: a new life or a draw gives them out anew."""
    return (board.life, board.is_drawn, board.run) == (before.life, before.is_drawn, before.run)
