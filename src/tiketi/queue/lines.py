"""The lines as one process remembers them: one read of the store a moment, however many ask."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from tiketi.infra.cache import AgingCache
from tiketi.infra.runtime import Runtime
from tiketi.queue import store
from tiketi.queue.domain import Board, Place
from tiketi.queue.line import Line, read_line
from tiketi.queue.replies import DrawDue, RoomLost

# Who asks hears of their turn, of a change of the settings or of a reset so much later at most.
FRESH_SECONDS = 0.5
# While the store is away; nobody moves then.
STALE_SECONDS = 10.0
# In numbers left, most of which are the weight of a line; a line without any weighs as much as
# ``_LINE_WEIGHT`` of them.
WEIGHT_MAX = 4_000_000
_LINE_WEIGHT = 1_000


class Lines:
    """Lines by event, at most ``FRESH_SECONDS`` old while the store answers.

    What this process itself has heard or changed since counts at once: see ``note`` and
    ``forget``.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._cache: AgingCache[UUID, Line] = AgingCache(
            runtime,
            self._load,
            fresh_seconds=FRESH_SECONDS,
            stale_seconds=STALE_SECONDS,
            weight_max=WEIGHT_MAX,
            weigh=lambda line: _LINE_WEIGHT + len(line.left),
        )

    async def get(self, event_id: UUID) -> Line:
        """NotFound where the event has no waiting room."""
        return await self._cache.value(event_id)

    async def renew(self, event_id: UUID) -> Line:
        """The line of this moment, and from here on everybody's; whatever reading it raises."""
        line, _ = await self._load(event_id)
        self._cache.put(event_id, line)
        return line

    def find_run(self, event_id: UUID) -> str:
        """The store's run as this process last saw it; empty before it has."""
        line = self._cache.peek(event_id)
        return "" if line is None else line.board.run

    def note(self, event_id: UUID, board: Board) -> None:
        """A board that came with another answer: from here on the line's own, if it is newer."""
        line = self._cache.peek(event_id)
        if line is None or board.as_of <= line.board.as_of:
            return
        if line.is_of(board):
            self._cache.amend(event_id, _with_board(line, board))
        else:
            self._cache.expire(event_id)

    def forget(self, event_id: UUID) -> None:
        """Read it anew at the next ``get``: somebody left, or the room was changed."""
        self._cache.expire(event_id)

    async def _load(self, event_id: UUID) -> tuple[Line, float]:
        line = await read_line(self._runtime, event_id, self._cache.peek(event_id))
        noted = self._cache.peek(event_id)
        if noted and noted.board.as_of > line.board.as_of and line.is_of(noted.board):
            line = _with_board(line, noted.board)
        return line, 0.0


async def read_places(
    runtime: Runtime, event_id: UUID, user_ids: Sequence[UUID]
) -> tuple[Board, list[Place]] | None:
    """Everybody's place in one read, and the board of the same moment.

    None: the room is lost, or its draw is due; reading the line brings both about. The board's
    ``run`` is the one known before: if it changed meanwhile, everybody is looked up again.
    """
    run = (await runtime.one(Lines).get(event_id)).board.run
    reply = await store.read_places(runtime.redis, event_id, user_ids)
    if isinstance(reply, RoomLost | DrawDue):
        return None
    board, places = reply
    return replace(board, run=run), places


def _with_board(line: Line, board: Board) -> Line:
    """The line with a newer board, of which nobody asked in which run of the store it was."""
    return replace(line, board=replace(board, run=line.board.run))
