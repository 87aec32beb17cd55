"""The waiting room's settings, its public board, and a person's place in it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

CAPACITY_MAX = 1_000_000
RATE_PER_MINUTE_MAX = 1_000_000
PASS_TTL_SECONDS_MIN = 2
PASS_TTL_SECONDS_MAX = 86_400


class Mode(StrEnum):
    FIFO = "fifo"
    DRAW = "draw"


class BoardState(StrEnum):
    PRE = "pre"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class HeldBack(StrEnum):
    """Why nobody is admitted, or people slower than at the operator's rate."""

    SOLD_OUT = "sold_out"
    PAUSED = "paused"
    SLOWED = "slowed"


class PlaceState(StrEnum):
    ABSENT = "absent"
    WAITING = "waiting"
    ADMITTED = "admitted"
    EXPIRED = "expired"
    NOT_REQUIRED = "not_required"


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
    """An event's waiting room as PostgreSQL has it.

    ``version`` grows with every change of the settings. ``numbers_reserved``: no number of the
    epoch above it was ever given. ``commitment`` is to the key of the epoch's draw, which there is
    if the mode asks for one; ``draw_entrants`` None: it was not held yet. The line is admitted
    from ``opens_at`` to ``closes_at``, which are the event's: a cancelled one closes when it is
    cancelled. ``sold_out`` is the event's too: nothing is available or held.
    """

    event_id: UUID
    settings: WaitingRoomSettings
    epoch: int
    notice: str | None
    version: int
    numbers_reserved: int
    opens_at: datetime
    closes_at: datetime
    commitment: str
    draw_entrants: int | None
    sold_out: bool = False


@dataclass(frozen=True, slots=True)
class Draw:
    """The draw as everybody may see it, docs/draw.md: ``key`` is None until the opening.

    ``entrants``: how many numbers were given before the opening; all that are drawn.
    """

    commitment: str
    key: bytes | None
    entrants: int


@dataclass(frozen=True, slots=True)
class Board:
    """The room's figures at one moment of the store's clock.

    ``life`` names one life of the data in the store. ``serving`` is the highest number admitted,
    ``admitted`` the passes that live, ``pace_per_minute`` the admissions measured lately.
    ``over_capacity`` counts passes above every capacity in force since they were given: always 0.
    ``run`` names the run of the store's server: what it confirmed in another one it may have
    forgotten. Empty where nobody asked for it.

    ``speed`` is 1 at rest, less while holds or payments are slow. ``no_show_share`` of the passes
    are never shown to the sale, None: not known; for them the rate is taken ``rate_times``.
    ``sold_out``: nobody is admitted until a seat returns.
    """

    as_of: datetime
    epoch: int
    life: int
    serving: int
    waiting: int
    admitted: int
    capacity: int
    rate_per_minute: int
    pass_ttl_seconds: float
    paused: bool
    opens_at: datetime
    closes_at: datetime
    pace_per_minute: float
    over_capacity: int
    draw: Draw | None = None
    run: str = ""
    speed: float = 1.0
    no_show_share: float | None = None
    rate_times: float = 1.0
    sold_out: bool = False

    @property
    def is_drawn(self) -> bool:
        """Whether numbers are places in line: always, but while a draw is awaited."""
        return self.draw is None or self.draw.key is not None

    @property
    def state(self) -> BoardState:
        if self.as_of >= self.closes_at:
            return BoardState.CLOSED
        if self.as_of < self.opens_at:
            return BoardState.PRE
        return BoardState.PAUSED if self.paused else BoardState.OPEN

    @property
    def effective_rate_per_minute(self) -> float:
        """As the store admits where nothing else holds it back (lua/rate.lua)."""
        return self.rate_per_minute * self.rate_times * self.speed

    @property
    def held_back(self) -> HeldBack | None:
        """None: admission goes on as the operator set it, or the sale is over."""
        state = self.state
        if state is BoardState.CLOSED:
            return None
        if self.sold_out:
            return HeldBack.SOLD_OUT
        if self.paused:
            return HeldBack.PAUSED
        is_slowed = state is BoardState.OPEN and self.speed < 1
        return HeldBack.SLOWED if is_slowed else None

    @property
    def admits(self) -> bool:
        """Whether anybody is or will be admitted as things stand."""
        is_stopped = self.sold_out or self.paused or self.as_of >= self.closes_at
        return not is_stopped and self.capacity > 0 and self.rate_per_minute > 0


@dataclass(frozen=True, slots=True)
class Place:
    """One person's place. ``number`` None: the crew's, or none at all.

    ``gone`` of the numbers below theirs wait no more. ``expires_at`` is the pass's. After a draw
    ``number`` is the one drawn, and ``given`` the one that joining gave: the receipt proves that.
    """

    state: PlaceState
    number: int | None = None
    gone: int = 0
    expires_at: datetime | None = None
    given: int | None = None
    is_drawn: bool = True

    @property
    def position(self) -> int | None:
        """From 1, while waiting; it never grows, since what is gone does not come back.

        None while a draw is awaited.
        """
        if self.state is not PlaceState.WAITING or self.number is None or not self.is_drawn:
            return None
        return self.number - self.gone

    def not_behind(self, before: "Place") -> "Place":
        """The same place, nobody ahead of it who was gone ``before``, in the same life."""
        if before.position is None or self.position is None or before.number != self.number:
            return self
        return replace(self, gone=max(self.gone, before.gone))


@dataclass(frozen=True, slots=True)
class Proof:
    """What a receipt or a pass proves: a place in one epoch and one life of the data.

    ``number`` is the one that joining gave, ``gone`` of those ahead of its place wait no more.
    ``run`` as on the board: of the server that had the place, or empty.
    """

    user_id: UUID
    event_id: UUID
    epoch: int
    life: int
    number: int
    gone: int
    expires_at: datetime | None
    run: str = ""

    def is_all_of(self, place: Place, board: Board) -> bool:
        """Whether a new one would say the same of this waiting person, whose it is."""
        return self.expires_at is None and (
            (self.gone, self.number, self.epoch, self.life, self.run)
            == (place.gone, place.given, board.epoch, board.life, board.run)
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds until admission: expected, and the range that it lies in."""

    seconds: int
    low_seconds: int
    high_seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A place as its owner is told of it. ``poll_after_seconds``: when asking again is welcome.

    ``held_back`` is told to those who wait.
    """

    place: Place
    estimate: Estimate | None
    poll_after_seconds: int
    receipt: str
    pass_token: str | None = None
    held_back: HeldBack | None = None
