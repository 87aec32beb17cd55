"""The waiting room in Redis: each use is one script, and each script may be repeated."""

from collections.abc import Sequence
from uuid import UUID

from tiketi.infra.lua import LuaScript, load_script
from tiketi.infra.redis import RedisStore
from tiketi.queue.domain import Board, Mode, Place, PlaceState, Proof, WaitingRoom
from tiketi.queue.keys import room_keys
from tiketi.queue.replies import (
    COMMITMENT_MARK,
    KEY_MARK,
    Admitted,
    DrawDue,
    NewPlace,
    NumbersUsedUp,
    RoomLost,
    Seen,
    find_trouble,
    ms_of,
    ms_or_zero,
    parse_board,
    parse_place,
    parse_seen,
)

# The front of the line asks every 2 to 5 s: after a loss of the store nobody is admitted before
# it had the time to come back with its receipts.
RESTORE_GRACE_MS = 5_000
KEEP_AFTER_SALE_MS = 86_400_000
LAPSED_KEPT_MS = 3_600_000
LAPSED_FORGOTTEN_MAX = 200


def _script(name: str) -> LuaScript:
    return load_script("tiketi.queue", name)


_JOIN, JOIN_PLAIN, _JOIN_CREW = _script("join"), _script("join_plain"), _script("join_crew")
_STATUS = _script("status")
_BOARD, _ADMIT, _DEPART = _script("board"), _script("admit"), _script("depart")
_CHECK, _SPEND = _script("check_pass"), _script("spend")
_GRANT, _APPLY = _script("grant"), _script("apply")
_LINE, _PLACES = _script("read_line"), _script("read_places")
_OPEN_DRAW = _script("open_draw")


async def join(
    redis: RedisStore, event_id: UUID, user_id: UUID, proof: Proof | None, *, admit_max: int
) -> Seen | NumbersUsedUp | DrawDue | RoomLost:
    """Take a place, or the place one has; ``proof`` is what the receipt shown says."""
    shown: list[int] = [0] * 5
    if proof is not None:
        shown = [proof.epoch, proof.life, proof.number, proof.gone, ms_or_zero(proof.expires_at)]
    reply = await redis.run(_JOIN, room_keys(event_id), [str(user_id), admit_max, *shown])
    if reply[0] == b"needs_numbers":
        return NumbersUsedUp(*map(int, reply[1:]))
    return parse_seen(reply)


async def join_plain(redis: RedisStore, event_id: UUID, user_id: UUID) -> NewPlace | None:
    """The next number for somebody new behind others who wait; None in any other case."""
    reply = await redis.run(JOIN_PLAIN, room_keys(event_id), [str(user_id)])
    if not reply:
        return None
    number, gone, epoch, life, is_drawn = map(int, reply)
    place = Place(PlaceState.WAITING, number, gone, given=number, is_drawn=bool(is_drawn))
    return NewPlace(place, epoch, life)


async def join_crew(redis: RedisStore, event_id: UUID, user_id: UUID) -> Seen | DrawDue | RoomLost:
    return parse_seen(await redis.run(_JOIN_CREW, room_keys(event_id), [str(user_id)]))


async def read_place(redis: RedisStore, event_id: UUID, user_id: UUID) -> Seen | DrawDue | RoomLost:
    return parse_seen(await redis.run(_STATUS, room_keys(event_id), [str(user_id)]))


async def read_board(redis: RedisStore, event_id: UUID) -> Board | DrawDue | RoomLost:
    reply = await redis.run(_BOARD, room_keys(event_id), [])
    return find_trouble(reply) or parse_board(*reply)


async def read_line(
    redis: RedisStore, event_id: UUID, known: Board | None, left_count: int
) -> tuple[Board, list[int] | None] | DrawDue | RoomLost:
    """The board, and the numbers left in rising order; None for those that the caller knows."""
    shown = [0, 0, 0] if known is None else [known.life, known.serving, left_count]
    reply = await redis.run(_LINE, room_keys(event_id), shown)
    trouble = find_trouble(reply)
    if trouble is not None:
        return trouble
    board, run, has_numbers, *numbers = reply
    return parse_board(board, run), [int(number) for number in numbers[0]] if has_numbers else None


async def read_places(
    redis: RedisStore, event_id: UUID, user_ids: Sequence[UUID]
) -> tuple[Board, list[Place]] | DrawDue | RoomLost:
    """Everybody's place, in the order asked, and the board of the same moment."""
    reply = await redis.run(_PLACES, room_keys(event_id), [str(user_id) for user_id in user_ids])
    trouble = find_trouble(reply)
    if trouble is not None:
        return trouble
    board = parse_board(reply[0])
    return board, [parse_place(place, board.draw) for place in reply[1]]


async def admit_next(
    redis: RedisStore, event_id: UUID, *, admit_max: int, pressure: float | None = None,
    newest: tuple[int, int] = (0, 0),
) -> Admitted | DrawDue | RoomLost:  # fmt: skip
    """Admit whose turn it is, ``admit_max`` people at most, at the speed that the pressure allows.

    ``pressure`` None: it is not known, and the speed stays as it is. Where the settings are older
    than ``newest``, epoch and version, the room counts as lost.
    """
    thousandths = -1 if pressure is None else round(pressure * 1_000)
    args = [admit_max, LAPSED_KEPT_MS, LAPSED_FORGOTTEN_MAX, thousandths, *newest]
    reply = await redis.run(_ADMIT, room_keys(event_id), args)
    return find_trouble(reply) or Admitted(parse_board(reply[0]), int(reply[1]), bool(reply[2]))


async def open_draw(
    redis: RedisStore, event_id: UUID, *, epoch: int, key: bytes, entrants: int
) -> bool:
    """Whether this call put the line into the order drawn; in another epoch it does nothing."""
    args = [epoch, KEY_MARK + key.hex(), entrants]
    return bool(await redis.run(_OPEN_DRAW, room_keys(event_id), args))


async def leave(redis: RedisStore, event_id: UUID, user_id: UUID) -> None:
    """Give up the place in line and the pass."""
    await redis.run(_DEPART, room_keys(event_id), [str(user_id)])


async def spend(redis: RedisStore, event_id: UUID, user_id: UUID) -> None:
    """Give up the pass; a place in line, taken since, stays."""
    await redis.run(_SPEND, room_keys(event_id), [str(user_id)])


async def check_pass(redis: RedisStore, proof: Proof) -> bool | RoomLost:
    """Whether the pass is inside, or could be taken in again after a loss of the store."""
    args = [str(proof.user_id), proof.epoch, proof.life, proof.number]
    reply = await redis.run(
        _CHECK, room_keys(proof.event_id), [*args, ms_or_zero(proof.expires_at)]
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
        ms_of(room.opens_at),
        ms_of(room.closes_at),
        new_life,
        int(room.numbers_reserved > 0),
        RESTORE_GRACE_MS,
        KEEP_AFTER_SALE_MS,
        COMMITMENT_MARK + room.commitment if settings.mode is Mode.DRAW else "",
        int(room.sold_out),
    ]
    return bool(await redis.run(_APPLY, room_keys(room.event_id), args))
