"""A waiting room's settings as its operator writes and reads them."""

from typing import Annotated, Any

from pydantic import Field

from tiketi.infra.http.wire import Body, Moment, View, text
from tiketi.queue.api import (
    CAPACITY_MAX,
    PASS_TTL_SECONDS_MAX,
    PASS_TTL_SECONDS_MIN,
    RATE_PER_MINUTE_MAX,
    Board,
    BoardState,
    HeldBack,
    Mode,
    WaitingRoom,
)

NOTICE_CHARACTERS_MAX = 500

Notice = Annotated[str, text(NOTICE_CHARACTERS_MAX)]


class QueueBody(Body):
    """Any subset; what is left out stays. ``pass_ttl_seconds`` null: as the system is set."""

    enabled: bool = False
    capacity: Annotated[int, Field(ge=0, le=CAPACITY_MAX)] = 0
    rate_per_minute: Annotated[int, Field(ge=0, le=RATE_PER_MINUTE_MAX)] = 0
    pass_ttl_seconds: (
        Annotated[int, Field(ge=PASS_TTL_SECONDS_MIN, le=PASS_TTL_SECONDS_MAX)] | None
    ) = None
    mode: Mode = Mode.FIFO
    paused: bool = False

    def as_changes(self) -> dict[str, Any]:
        """The fields that were given."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class OpeningQueueBody(QueueBody):
    """With an event: whether it has a queue is said, the rest may be."""

    enabled: bool


class NoticeBody(Body):
    text: Notice | None = Field(description="null takes the notice away.")


class NoticeView(View):
    text: str | None


class EpochView(View):
    epoch: int


class QueueView(View):
    enabled: bool
    capacity: int
    rate_per_minute: int
    pass_ttl_seconds: int
    mode: Mode
    paused: bool

    @classmethod
    def of(cls, room: WaitingRoom, pass_ttl_seconds_default: int) -> "QueueView":
        return cls(
            enabled=room.settings.enabled,
            capacity=room.settings.capacity,
            rate_per_minute=room.settings.rate_per_minute,
            pass_ttl_seconds=room.settings.pass_ttl_seconds or pass_ttl_seconds_default,
            mode=room.settings.mode,
            paused=room.settings.paused,
        )


class BoardView(View):
    """The queue at one moment; `over_capacity` counts people above every capacity in force.

    `held_back` says why nobody is admitted, or people slower than set: then `speed` is below 1.
    `no_show_share` of the passes are never used, which raises the rate; null while not known.
    """

    state: BoardState
    epoch: int
    serving: int
    waiting: int
    admitted: int
    capacity: int
    rate_per_minute: int
    pace_per_minute: float
    over_capacity: int
    held_back: HeldBack | None
    speed: float
    no_show_share: float | None
    as_of: Moment

    @classmethod
    def of(cls, board: Board) -> "BoardView":
        return cls(
            state=board.state,
            epoch=board.epoch,
            serving=board.serving,
            waiting=board.waiting,
            admitted=board.admitted,
            capacity=board.capacity,
            rate_per_minute=board.rate_per_minute,
            pace_per_minute=board.pace_per_minute,
            over_capacity=board.over_capacity,
            held_back=board.held_back,
            speed=board.speed,
            no_show_share=board.no_show_share,
            as_of=board.as_of,
        )
