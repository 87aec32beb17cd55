"""The public board: one read of the store a process, event and moment, however many look."""

from uuid import UUID

from tiketi.infra.cache import AgingCache
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable
from tiketi.queue import store
from tiketi.queue.domain import Board
from tiketi.queue.drawing import hold_draw
from tiketi.queue.replies import DrawDue, RoomLost
from tiketi.queue.syncing import sync_room

# With the second that a CDN keeps it, a change of the settings shows within two.
FRESH_SECONDS = 0.5
# While the store is away; ``as_of`` says how old it is.
STALE_SECONDS = 10.0
BOARDS_MAX = 2_000
# A lost room, its draw, then the board.
TRIES_MAX = 4


class Boards:
    """Boards as one process remembers them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._cache: AgingCache[UUID, Board] = AgingCache(
            runtime,
            self._load,
            fresh_seconds=FRESH_SECONDS,
            stale_seconds=STALE_SECONDS,
            weight_max=BOARDS_MAX,
        )

    async def get(self, event_id: UUID) -> Board:
        """NotFound where the event has no waiting room."""
        return (await self._cache.get(event_id)).value

    async def _load(self, event_id: UUID) -> tuple[Board, float]:
        return await read_latest_board(self._runtime, event_id), 0.0


async def read_board(runtime: Runtime, event_id: UUID) -> Board:
    """The board, at most ``FRESH_SECONDS`` old while the store answers."""
    return await runtime.one(Boards).get(event_id)


async def read_latest_board(runtime: Runtime, event_id: UUID) -> Board:
    """The board of this moment; a room that the store does not know yet is made."""
    for _ in range(TRIES_MAX):
        board = await store.read_board(runtime.redis, event_id)
        if isinstance(board, RoomLost):
            await sync_room(runtime, event_id)
        elif isinstance(board, DrawDue):
            await hold_draw(runtime, event_id, board)
        else:
            return board
    raise Unavailable("The waiting room is being set up.")
