"""The waiting room in Redis: each use is one script, and each script may be repeated."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tiketi.infra.lua import LuaScript, load_script
from tiketi.infra.redis import RedisStore
from tiketi.queue.domain import Board, Draw, Mode, Place, PlaceState, Proof, WaitingRoom
from tiketi.queue.keys import room_keys
from tiketi.queue.permutation import find_number

# The front of the line asks every 2 to 5 s: after a loss of the store nobody is admitted before
# it had the time to come back with its receipts.
RESTORE_GRACE_MS = 5_000
KEEP_AFTER_SALE_MS = 86_400_000
LAPSED_KEPT_MS = 3_600_000
LAPSED_FORGOTTEN_MAX = 200


def _script(name: str) -> LuaScript:
    return load_script("tiketi.queue", name)


_JOIN, _JOIN_CREW, _STATUS = _script("join"), _script("join_crew"), _script("status")
_BOARD, _ADMIT, _DEPART = _script("board"), _script("admit"), _script("depart")
_CHECK, _GRANT, _APPLY = _script("check_pass"), _script("grant"), _script("apply")
_LINE, _PLACES = _script("read_line"), _script("read_places")
_OPEN_DRAW = _script("open_draw")
# Before key and commitment in the store, so that no run of digits is taken for a number there;
# before the key it is part of what is hashed.
_KEY_MARK, _COMMITMENT_MARK = "draw:", "sha256:"


@dataclass(frozen=True, slots=True)
class RoomLost:
    """The store has no such room: it is new, or its data is gone."""


@dataclass(frozen=True, slots=True)
class NumbersUsedUp:
    """The data of this life has given every number up to ``numbers_max``."""

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
class Admitted:
    """``has_more``: there may be more whose turn it is already."""

    board: Board
    admitted: int
    has_more: bool


async def join(
    redis: RedisStore, event_id: UUID, user_id: UUID, proof: Proof | None, *, admit_max: int
) -> Seen | NumbersUsedUp | DrawDue | RoomLost:
    """Take a place, or the place one has; ``proof`` is what the receipt shown says."""
    shown: list[int] = [0] * 5
    if proof is not None:
        shown = [proof.epoch, proof.life, proof.number, proof.gone, _ms_or_zero(proof.expires_at)]
    reply = await redis.run(_JOIN, room_keys(event_id), [str(user_id), admit_max, *shown])
    if reply[0] == b"needs_numbers":
        return NumbersUsedUp(*map(int, reply[1:]))
    return _seen(reply)


async def join_crew(redis: RedisStore, event_id: UUID, user_id: UUID) -> Seen | DrawDue | RoomLost:
    return _seen(await redis.run(_JOIN_CREW, room_keys(event_id), [str(user_id)]))


async def read_place(redis: RedisStore, event_id: UUID, user_id: UUID) -> Seen | DrawDue | RoomLost:
    return _seen(await redis.run(_STATUS, room_keys(event_id), [str(user_id)]))


async def read_board(redis: RedisStore, event_id: UUID) -> Board | DrawDue | RoomLost:
    reply = await redis.run(_BOARD, room_keys(event_id), [])
    return _find_trouble(reply) or _board(*reply)


async def read_line(
    redis: RedisStore, event_id: UUID, known: Board | None, left_count: int
) -> tuple[Board, list[int] | None] | DrawDue | RoomLost:
    """The board, and the numbers left in rising order; None for those that the caller knows."""
    shown = [0, 0, 0] if known is None else [known.life, known.serving, left_count]
    reply = await redis.run(_LINE, room_keys(event_id), shown)
    trouble = _find_trouble(reply)
    if trouble is not None:
        return trouble
    board, run, has_numbers, *numbers = reply
    return _board(board, run), [int(number) for number in numbers[0]] if has_numbers else None


async def read_places(
    redis: RedisStore, event_id: UUID, user_ids: Sequence[UUID]
) -> tuple[Board, list[Place]] | DrawDue | RoomLost:
    """Everybody's place, in the order asked, and the board of the same moment."""
    reply = await redis.run(_PLACES, room_keys(event_id), [str(user_id) for user_id in user_ids])
    trouble = _find_trouble(reply)
    if trouble is not None:
        return trouble
    board = _board(reply[0])
    return board, [_place(place, board.draw) for place in reply[1]]


async def admit_next(
    redis: RedisStore, event_id: UUID, *, admit_max: int, pressure: float | None = None
) -> Admitted | DrawDue | RoomLost:
    """Admit whose turn it is, ``admit_max`` people at most, at the speed that the pressure allows.

    ``pressure`` None: it is not known, and the speed stays as it is.
    """
    thousandths = -1 if pressure is None else round(pressure * 1_000)
    args = [admit_max, LAPSED_KEPT_MS, LAPSED_FORGOTTEN_MAX, thousandths]
    reply = await redis.run(_ADMIT, room_keys(event_id), args)
    return _find_trouble(reply) or Admitted(_board(reply[0]), int(reply[1]), bool(reply[2]))


async def open_draw(
    redis: RedisStore, event_id: UUID, *, epoch: int, key: bytes, entrants: int
) -> bool:
    """Whether this call put the line into the order drawn; in another epoch it does nothing."""
    args = [epoch, _KEY_MARK + key.hex(), entrants]
    return bool(await redis.run(_OPEN_DRAW, room_keys(event_id), args))


async def leave(redis: RedisStore, event_id: UUID, user_id: UUID) -> None:
    """Give up the place in line and the pass."""
    await redis.run(_DEPART, room_keys(event_id), [str(user_id), 1])


async def spend(redis: RedisStore, event_id: UUID, user_id: UUID) -> None:
    """Give up the pass; a place in line, taken since, stays."""
    await redis.run(_DEPART, room_keys(event_id), [str(user_id), 0])


async def check_pass(redis: RedisStore, proof: Proof) -> bool | RoomLost:
    """Whether the pass is inside, or could be taken in again after a loss of the store."""
    args = [str(proof.user_id), proof.epoch, proof.life, proof.number]
    reply = await redis.run(
        _CHECK, room_keys(proof.event_id), [*args, _ms_or_zero(proof.expires_at)]
    )
    return RoomLost() if reply == b"no_room" else bool(reply == b"good")


async def grant(
    redis: RedisStore, event_id: UUID, asked: NumbersUsedUp, *, first: int, last: int
) -> bool:
    """Whether the block was taken: no, when another process was faster or the life is over."""
    args = [asked.life, asked.numbers_max, first, last]
    return bool(await redis.run(_GRANT, room_keys(event_id), args))


async def apply(
    redis: RedisStore, room: WaitingRoom, *, pass_ttl_seconds: int, new_life: int
) -> bool:
    """Whether a new life of the data was begun."""
    settings = room.settings
    args = [
        room.epoch,
        room.version,
        settings.capacity,
        settings.rate_per_minute,
        pass_ttl_seconds * 1000,
        settings.mode.value,
        int(settings.paused),
        _ms(room.opens_at),
        _ms(room.closes_at),
        new_life,
        int(room.numbers_reserved > 0),
        RESTORE_GRACE_MS,
        KEEP_AFTER_SALE_MS,
        _COMMITMENT_MARK + room.commitment if settings.mode is Mode.DRAW else "",
        int(room.sold_out),
    ]
    return bool(await redis.run(_APPLY, room_keys(room.event_id), args))


def _find_trouble(reply: Any) -> DrawDue | RoomLost | None:
    if reply[0] == b"no_room":
        return RoomLost()
    if reply[0] == b"needs_draw":
        epoch, is_known, entrants = map(int, reply[1:])
        return DrawDue(epoch, entrants if is_known else None)
    return None


def _seen(reply: Any) -> Seen | DrawDue | RoomLost:
    trouble = _find_trouble(reply)
    if trouble is not None:
        return trouble
    place, figures, is_new, admitted = reply
    board = _board(figures)
    return Seen(_place(place, board.draw), board, bool(is_new), int(admitted))


def _place(fields: Any, draw: Draw | None) -> Place:
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


def _board(fields: Any, run: bytes = b"") -> Board:
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
    shown = key.decode().removeprefix(_KEY_MARK)
    return Draw(
        commitment=commitment.decode().removeprefix(_COMMITMENT_MARK),
        key=bytes.fromhex(shown) if shown else None,
        entrants=int(entrants),
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _ms_or_zero(moment: datetime | None) -> int:
    return 0 if moment is None else _ms(moment)
