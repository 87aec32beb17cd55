"""The waiting room's metrics: over all events, since a label for each would grow for ever.

The gauges say the same in every process that runs the admitter.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from prometheus_client import Counter, Gauge

from tiketi.queue.domain import Board, HeldBack

JOINS = Counter("tiketi_queue_joins_total", "Places given in line, restored ones included.")
ADMISSIONS = Counter("tiketi_queue_admissions_total", "People admitted.")
OPERATOR_ACTIONS = Counter(
    "tiketi_queue_operator_actions_total", "What operators changed, once committed.", ["action"]
)
# A task with several processes shows what the last of them saw.
_gauge = partial(Gauge, multiprocess_mode="livemostrecent")

_ROOMS = _gauge("tiketi_queue_rooms", "Waiting rooms of published events that are not long over.")
_WAITING = _gauge("tiketi_queue_waiting", "People who wait.")
_ADMITTED = _gauge("tiketi_queue_admitted", "Passes that live.")
_CAPACITY = _gauge("tiketi_queue_capacity", "How many may be inside, as set.")
_RATE = _gauge("tiketi_queue_rate_per_minute", "How many may be admitted a minute, as set.")
_EFFECTIVE_RATE = _gauge(
    "tiketi_queue_effective_rate_per_minute", "The same, corrected for no-shows and slowed."
)
_SPEED = _gauge("tiketi_queue_speed", "The lowest speed of any room; 1 at rest.")
_NO_SHOWS = _gauge(
    "tiketi_queue_no_show_share", "The highest share of passes never shown, of any room."
)
_HELD_BACK = _gauge(
    "tiketi_queue_held_back_rooms", "Rooms that admit nobody, or slower than set.", ["reason"]
)
_PRESSURE = _gauge(
    "tiketi_queue_pressure", "What work takes over all processes, in its target.", ["work"]
)


def show_boards(boards: Sequence[Board]) -> None:
    """Set the gauges to what the boards say together."""
    _ROOMS.set(len(boards))
    _WAITING.set(sum(board.waiting for board in boards))
    _ADMITTED.set(sum(board.admitted for board in boards))
    _CAPACITY.set(sum(board.capacity for board in boards))
    _RATE.set(sum(board.rate_per_minute for board in boards))
    _EFFECTIVE_RATE.set(sum(board.effective_rate_per_minute for board in boards))
    _SPEED.set(min((board.speed for board in boards), default=1.0))
    _NO_SHOWS.set(max((board.no_show_share or 0.0 for board in boards), default=0.0))
    for reason in HeldBack:
        held_back = sum(board.held_back is reason for board in boards)
        _HELD_BACK.labels(reason.value).set(held_back)


def show_pressure(pressure: Mapping[str, float]) -> None:
    for work, ratio in pressure.items():
        _PRESSURE.labels(work).set(ratio)
