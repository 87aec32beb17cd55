"""What the scripts answer, and how it is told apart: the room's figures, places, and troubles."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tiketi.queue.domain import Board, Draw, Place, PlaceState
from tiketi.queue.permutation import find_number

# Before key and commitment in the store, so that no run of digits is taken for a number there;
# before the key it is part of what is hashed.
KEY_MARK, COMMITMENT_MARK = "draw:", "sha256:"


@dataclass(frozen=True, slots=True)
class RoomLost:
    """The store has no such room: it is new, or its data is gone."""


@dataclass(frozen=True, slots=True)
class NumbersUsedUp:
    """All numbers up to ``numbers_max`` were given, or nobody can tell which were.

    ``life`` names who asks: the life of the data, or what a fail-over left of it.
    """

    epoch: int
    life: int
    numbers_max: int


@dataclass(frozen=True, slots=True)
class DrawDue:
    """The room has opened and its draw is not held in this life of the data.

    ``entrants``: the numbers given before; None where this life of the data cannot tell.
    """

    epoch: int
    entrants: int | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A person's place and the board of the same moment; what the call itself changed."""

    place: Place
    board: Board
    is_new: bool
    admitted: int


@dataclass(frozen=True, slots=True)
class NewPlace:
    """A place given in one epoch and one life of the data."""

    place: Place
    epoch: int
    life: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """``has_more``: there may be more whose turn it is already."""

    board: Board
    admitted: int
    has_more: bool


def find_trouble(reply: Any) -> DrawDue | RoomLost | None:
    if reply[0] == b"no_room":
        return RoomLost()
    if reply[0] == b"needs_draw":
        epoch, is_known, entrants = map(int, reply[1:])
        return DrawDue(epoch, entrants if is_known else None)
    return None


def parse_seen(reply: Any) -> Seen | DrawDue | RoomLost:
    trouble = find_trouble(reply)
    if trouble is not None:
        return trouble
    place, figures, is_new, admitted = reply
    board = parse_board(figures)
    return Seen(parse_place(place, board.draw), board, bool(is_new), int(admitted))


def parse_place(fields: Any, draw: Draw | None) -> Place:
    state, number, gone, expires_ms = fields
    number = given = int(number)
    if draw is not None and draw.key is not None and number:
        given = find_number(draw.key, draw.entrants, number)
    return Place(
        state=PlaceState(state.decode()),
        number=number or None,
        gone=int(gone),
        expires_at=_moment(expires_ms) if expires_ms else None,
        given=given or None,
        is_drawn=draw is None or draw.key is not None,
    )


def parse_board(fields: Any, run: bytes = b"") -> Board:
    (
        now, epoch, life, serving, waiting, admitted, capacity,
        rate, pass_ttl_ms, paused, opens_ms, closes_ms, pace_per_hour, over_capacity,
    ) = map(int, fields[:14])  # fmt: skip
    return Board(
        as_of=_moment(now),
        epoch=epoch,
        life=life,
        serving=serving,
        waiting=waiting,
        admitted=admitted,
        capacity=capacity,
        rate_per_minute=rate,
        pass_ttl_seconds=pass_ttl_ms / 1000,
        paused=bool(paused),
        opens_at=_moment(opens_ms),
        closes_at=_moment(closes_ms),
        pace_per_minute=pace_per_hour / 60,
        over_capacity=over_capacity,
        run=run.decode(),
        draw=_draw(*fields[14:17]) if fields[14] else None,
        **_steering(*fields[17:21]),
    )


def _steering(speed: int, no_shows: int, rate_times: int, sold_out: int) -> dict[str, Any]:
    return {
        "speed": speed / 1_000,
        "no_show_share": None if no_shows < 0 else no_shows / 1_000,
        "rate_times": rate_times / 1_000,
        "sold_out": bool(sold_out),
    }


def _draw(commitment: bytes, key: bytes, entrants: bytes) -> Draw:
    shown = key.decode().removeprefix(KEY_MARK)
    return Draw(
        commitment=commitment.decode().removeprefix(COMMITMENT_MARK),
        key=bytes.fromhex(shown) if shown else None,
        entrants=int(entrants),
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


def ms_of(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def ms_or_zero(moment: datetime | None) -> int:
    return 0 if moment is None else ms_of(moment)
