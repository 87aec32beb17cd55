"""How long one waits, and how often one needs to ask."""

import math

from tiketi.queue.domain import Board, Estimate

POLL_SECONDS_MIN = 2
POLL_SECONDS_MAX = 30
# Asked so many times on the way: often enough to see the line move.
POLLS_ON_THE_WAY = 4
# Nobody can say how long: the line is paused, everything is sold, or nobody is admitted. Those in
# front ask so soon, since they are the first to whom it matters, the others later.
POLL_IDLE_SECONDS = 10
_JITTER_SHARE = 0.25
# Whoever awaits a draw asks at its opening: half of the peak that the queue is planned for.
ASK_AT_OPENING_PER_SECOND = 50_000


class Outlook:
    """What one board says of everybody's wait, computed once for all of them."""

    __slots__ = (
        "_at_pace", "_at_rate", "_at_speed", "_before_seconds", "_capacity", "_free",
        "_pass_ttl_seconds", "board", "held_back",
    )  # fmt: skip

    def __init__(self, board: Board) -> None:
        self.board = board
        self.held_back = board.held_back
        self._before_seconds = max(0.0, (board.opens_at - board.as_of).total_seconds())
        self._capacity, self._free = board.capacity, max(0, board.capacity - board.admitted)
        self._pass_ttl_seconds = board.pass_ttl_seconds
        # Seconds a position; the first is None where nobody is or will be admitted.
        self._at_rate: float | None = None
        if board.admits:
            self._at_rate = 60 / (board.rate_per_minute * board.rate_times)
            self._at_speed = self._at_rate / board.speed
            self._at_pace = 60 / board.pace_per_minute if board.pace_per_minute > 0 else None

    def estimate(self, position: int) -> Estimate | None:
        """When the person at this position is admitted; None while nobody is or will be.

        At best everybody ahead is admitted at the full rate, corrected for no-shows. At worst
        everybody inside keeps their pass to its end, and the speed stays what it is. Between the
        two, the pace of the last minute decides, or the speed where that is slower.
        """
        if self._at_rate is None:
            return None
        before, at_speed = self._before_seconds, position * self._at_speed
        turns = math.ceil(max(0, position - self._free) / self._capacity)
        high = max(at_speed, turns * self._pass_ttl_seconds)
        expected = at_speed if turns == 0 else high
        if self._at_pace is not None:
            expected = min(max(position * self._at_pace, at_speed), high)
        return Estimate(
            seconds=math.ceil(before + expected),
            low_seconds=math.floor(before + position * self._at_rate),
            high_seconds=math.ceil(before + high),
        )


def poll_after_seconds(
    estimate: Estimate | None, roll: float, board: Board | None = None, position: int = 1
) -> int:
    """When to ask again: the further from the front the later. ``roll`` in [0, 1) is the jitter.

    Where there is no estimate, the board's rate says how far the position is.
    """
    if estimate is not None:
        seconds, least = float(estimate.low_seconds), 0.0
    elif board is not None and board.rate_per_minute > 0:
        seconds, least = position * 60 / board.rate_per_minute, float(POLL_IDLE_SECONDS)
    else:
        seconds, least = 0.0, float(POLL_IDLE_SECONDS)
    wanted = min(float(POLL_SECONDS_MAX), max(least, seconds / POLLS_ON_THE_WAY))
    return max(POLL_SECONDS_MIN, round(wanted * (1 - _JITTER_SHARE * roll)))


def poll_before_draw_seconds(board: Board, roll: float) -> int:
    """When to ask again while a draw is awaited: soon after it, and till then like the furthest.

    Nobody knows yet who will be near the front, so all ask alike, the more the further apart.
    """
    before_seconds = max(0.0, (board.opens_at - board.as_of).total_seconds())
    entrants = 0 if board.draw is None else board.draw.entrants
    spread_seconds = max(float(POLL_SECONDS_MIN), entrants / ASK_AT_OPENING_PER_SECOND)
    furthest = POLL_SECONDS_MAX * (1 - _JITTER_SHARE * roll)
    wanted = min(furthest, before_seconds + spread_seconds * roll)
    return max(POLL_SECONDS_MIN, math.ceil(wanted))
