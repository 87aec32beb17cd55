"""The one door of the waiting room for other modules."""

from tiketi.queue.domain import (
    CAPACITY_MAX,
    PASS_TTL_SECONDS_MAX,
    PASS_TTL_SECONDS_MIN,
    RATE_PER_MINUTE_MAX,
    Mode,
    WaitingRoom,
    WaitingRoomSettings,
)
from tiketi.queue.errors import NotInQueue, QueuePassRequired

__all__ = [
    "CAPACITY_MAX",
    "PASS_TTL_SECONDS_MAX",
    "PASS_TTL_SECONDS_MIN",
    "RATE_PER_MINUTE_MAX",
    "Mode",
    "NotInQueue",
    "QueuePassRequired",
    "WaitingRoom",
    "WaitingRoomSettings",
]
