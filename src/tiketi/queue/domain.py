"""The waiting room's settings, its public board, and a person's place in it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

CAPACITY_MAX = 1_000_000
RATE_PER_MINUTE_MAX = 1_000_000
PASS_TTL_SECONDS_MIN = 2
PASS_TTL_SECONDS_MAX = 86_400


class Mode(StrEnum):
    FIFO = "fifo"
    DRAW = "draw"


@dataclass(frozen=True, slots=True)
class WaitingRoomSettings:
    """What an operator sets. ``pass_ttl_seconds`` None: as ``TIKETI_PASS_TTL_SECONDS`` says."""

    enabled: bool = False
    capacity: int = 1_000
    rate_per_minute: int = 1_000
    pass_ttl_seconds: int | None = None
    mode: Mode = Mode.FIFO
    paused: bool = False


@dataclass(frozen=True, slots=True)
class WaitingRoom:
    """An event's waiting room as PostgreSQL has it."""

    event_id: UUID
    settings: WaitingRoomSettings
    epoch: int
    notice: str | None
