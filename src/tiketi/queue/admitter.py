"""The admitter: the same rounds in every process, none the leader, the scripts keep the count."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable
from tiketi.queue import metrics, repository, store
from tiketi.queue.domain import Board, WaitingRoom
from tiketi.queue.drawing import hold_draw
from tiketi.queue.lines import Lines
from tiketi.queue.pressure import read_pressure
from tiketi.queue.replies import DrawDue, RoomLost
from tiketi.queue.syncing import apply_room

log = structlog.get_logger(__name__)

# A change of the settings is seen within this, then applied: well within the promised 2 s.
REFRESH_SECONDS = 1.0
# Settings that have not changed are applied again, for the keys' lifetimes.
REAPPLY_SECONDS = 60.0
ROOMS_MAX = 1_000
ROOMS_AT_ONCE_MAX = 16
ADMITTED_A_CALL_MAX = 500
# Afterwards nobody is admitted, but a board still has to say so.
CLOSED_FOR = timedelta(hours=1)


@dataclass(slots=True)
class _Followed:
    """A room as this process last saw it. ``board`` None: not seen, or lost."""

    room: WaitingRoom
    applied_at: float
    board: Board | None = None


class Admitter:
    """Follows every active room: its settings into the store, its line into the sale."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._rooms: dict[UUID, _Followed] = {}
        self._refreshed_at: float | None = None
        self._pressure: float | None = None

    async def run_round(self) -> bool:
        """Whether a line has more people whose turn it may be already.

        An idle room is looked at only when the settings are: joining admits by itself where
        nobody waits. One store's trouble stays with its rooms.
        """
        is_due = self._refreshed_at is None or (
            self._runtime.clock.monotonic() - self._refreshed_at >= REFRESH_SECONDS
        )
        if is_due:
            await self._refresh()
            self._pressure = await self._read_pressure()
        busy = [
            followed
            for followed in self._rooms.values()
            if is_due or followed.board is None or followed.board.waiting > 0
        ]
        more = await self._for_each(busy)
        if is_due:
            boards = [followed.board for followed in self._rooms.values() if followed.board]
            metrics.show_boards(boards)
        return more

    async def _refresh(self) -> None:
        """Read the active rooms; the known ones stay while PostgreSQL is away."""
        self._refreshed_at = self._runtime.clock.monotonic()
        try:
            rooms = await list_active_rooms(self._runtime)
        except Unavailable as error:
            log.warning("rooms_not_refreshed", reason=error.detail)
            return
        known, self._rooms = self._rooms, {}
        for room in rooms:
            followed = known.get(room.event_id)
            if followed is None or followed.room != room:
                followed = _Followed(room, applied_at=-REAPPLY_SECONDS)
            self._rooms[room.event_id] = followed

    async def _read_pressure(self) -> float | None:
        """The worst of what holds and payments take in their targets; None: nobody can say.

        One read a round however many the rooms. Each room's script decides what follows from it,
        and how often.
        """
        try:
            pressure = await read_pressure(self._runtime)
        except Unavailable as error:
            log.warning("pressure_not_read", reason=error.detail)
            return None
        metrics.show_pressure(pressure)
        return max(pressure.values())

    async def _for_each(self, rooms: Iterable[_Followed]) -> bool:
        at_once = asyncio.Semaphore(ROOMS_AT_ONCE_MAX)

        async def tend(followed: _Followed) -> bool:
            async with at_once:
                try:
                    return await self._tend(followed)
                except Unavailable as error:
                    log.warning(
                        "room_waits", event_id=str(followed.room.event_id), reason=error.detail
                    )
                    return False

        return any(await asyncio.gather(*(tend(followed) for followed in rooms)))

    async def _tend(self, followed: _Followed) -> bool:
        now = self._runtime.clock.monotonic()
        if now - followed.applied_at >= REAPPLY_SECONDS or followed.board is None:
            await apply_room(self._runtime, followed.room)
            followed.applied_at = now
        result = await store.admit_next(
            self._runtime.redis,
            followed.room.event_id,
            admit_max=ADMITTED_A_CALL_MAX,
            pressure=self._pressure,
            newest=(followed.room.epoch, followed.room.version),
        )
        if isinstance(result, RoomLost):
            followed.board = None
            return True
        if isinstance(result, DrawDue):
            await hold_draw(self._runtime, followed.room.event_id, result)
            return True
        followed.board = result.board
        self._runtime.one(Lines).note(followed.room.event_id, result.board)
        metrics.ADMISSIONS.inc(result.admitted)
        return result.has_more


async def list_active_rooms(runtime: Runtime) -> list[WaitingRoom]:
    """The rooms of published events whose sale is not long over, ``ROOMS_MAX`` at most."""
    async with runtime.database.reader() as reader:
        rooms = await repository.list_active_rooms(
            reader, closed_for=CLOSED_FOR, rooms_max=ROOMS_MAX
        )
    if len(rooms) == ROOMS_MAX:
        log.warning("more_rooms_than_followed", rooms_max=ROOMS_MAX)
    return rooms


async def count_over_capacity(runtime: Runtime) -> int:
    """Passes above every capacity in force since they were given, over all active rooms: 0."""
    over = 0
    for room in await list_active_rooms(runtime):
        board = await store.read_board(runtime.redis, room.event_id)
        over += board.over_capacity if isinstance(board, Board) else 0
    return over
