"""The waiting room in PostgreSQL. An event's times are read, never written, from its own schema."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.queue.domain import Mode, WaitingRoom, WaitingRoomSettings

# A life after a loss begins above the block: with a tenth of all before it in a block, what
# newcomers are told is too far back by a tenth at most, and a million numbers are 60 blocks.
NUMBERS_BLOCK_MIN = 1_000
NUMBERS_BLOCK_MAX = 100_000

_COLUMNS = """
    SELECT r.event_id, r.capacity, r.rate_per_minute, r.pass_ttl_seconds, r.mode, r.paused, r.epoch,
        r.version, r.numbers_reserved, r.draw_entrants, r.notice,
        encode(sha256(r.draw_key), 'hex') AS commitment, e.queue_enabled AS enabled,
        e.sale_opens_at AS opens_at, LEAST(e.sale_closes_at, e.cancelled_at) AS closes_at,
        e.sold_out
    FROM queue.waiting_room AS r JOIN events.event AS e ON e.id = r.event_id"""
_FIND = text(f"{_COLUMNS} WHERE r.event_id = :event_id")
_LOCK = text(f"{_COLUMNS} WHERE r.event_id = :event_id FOR UPDATE OF r")
_ACTIVE = text(f"""{_COLUMNS}
    WHERE e.queue_enabled AND e.published_at IS NOT NULL
        AND LEAST(e.sale_closes_at, e.cancelled_at) + CAST(:closed_for AS interval)
            > clock_timestamp()
    ORDER BY e.sale_closes_at, e.id LIMIT :rooms_max""")
_HAS_OPENED = text("""
    SELECT clock_timestamp() >= sale_opens_at FROM events.event WHERE id = :event_id""")
_EPOCH = text("SELECT epoch FROM queue.waiting_room WHERE event_id = :event_id")
_INSERT = text("""
    INSERT INTO queue.waiting_room
        (event_id, capacity, rate_per_minute, pass_ttl_seconds, mode, paused, draw_key)
    VALUES (:event_id, :capacity, :rate_per_minute, :pass_ttl_seconds, :mode, :paused,
        CAST(:draw_key AS bytea))
    ON CONFLICT (event_id) DO NOTHING""")
_UPDATE = text("""
    UPDATE queue.waiting_room SET capacity = :capacity, rate_per_minute = :rate_per_minute,
        pass_ttl_seconds = :pass_ttl_seconds, mode = :mode, paused = :paused,
        draw_entrants = :entrants, version = version + 1, updated_at = :now
    WHERE event_id = :event_id RETURNING version""")
_RESET = text("""
    UPDATE queue.waiting_room SET epoch = epoch + 1, version = version + 1, numbers_reserved = 0,
        numbers_life = 0, numbers_life_from = 0, draw_key = :draw_key, draw_entrants = NULL,
        updated_at = :now
    WHERE event_id = :event_id RETURNING epoch""")
_NOTICE = text("""
    UPDATE queue.waiting_room SET notice = :notice, updated_at = :now WHERE event_id = :event_id""")
_DELETE = text("DELETE FROM queue.waiting_room WHERE event_id = :event_id")
# Processes that ask for the same life at once get the same block, so that none is skipped; a life
# that did not reserve last begins above whatever was reserved, so that none is given twice.
_RESERVE = text("""
    UPDATE queue.waiting_room SET
        numbers_life_from = CASE WHEN numbers_life = :life
            THEN numbers_life_from ELSE numbers_reserved END,
        numbers_reserved = CASE WHEN numbers_life = :life AND numbers_reserved > :numbers_max
            THEN numbers_reserved
            ELSE numbers_reserved
                + LEAST(GREATEST(numbers_reserved / 10, :block_min), :block_max) END,
        numbers_life = :life
    WHERE event_id = :event_id AND epoch = :epoch
    RETURNING GREATEST(numbers_life_from, :numbers_max) + 1 AS first, numbers_reserved AS last""")
# Recorded once an epoch; every process and every life of the data in the store draws by it.
_DRAW = text("""
    UPDATE queue.waiting_room
    SET draw_entrants = COALESCE(draw_entrants, CAST(:entrants AS bigint), numbers_reserved)
    WHERE event_id = :event_id AND epoch = :epoch AND mode = 'draw'
    RETURNING draw_key, draw_entrants""")


@dataclass(frozen=True, slots=True)
class DrawRecord:
    """The numbers 1 … ``entrants`` are drawn by ``key``, a secret until the opening."""

    key: bytes = field(repr=False)
    entrants: int


@dataclass(frozen=True, slots=True)
class NumberBlock:
    """Numbers from ``first`` to ``last``, both included."""

    first: int
    last: int


async def find_room(reader: Reader, event_id: UUID) -> WaitingRoom | None:
    row = (await reader.execute(_FIND, {"event_id": event_id})).mappings().first()
    return None if row is None else _room(row)


async def lock_room(tx: Tx, event_id: UUID) -> WaitingRoom | None:
    """The room, its row locked until the transaction ends."""
    row = (await tx.execute(_LOCK, {"event_id": event_id})).mappings().first()
    return None if row is None else _room(row)


async def has_opened(tx: Tx, event_id: UUID) -> bool:
    """Whether the sale has opened, by the database's clock."""
    return bool((await tx.execute(_HAS_OPENED, {"event_id": event_id})).scalar_one())


async def list_active_rooms(
    reader: Reader, *, closed_for: timedelta, rooms_max: int
) -> list[WaitingRoom]:
    """The published events with a line, their sale over for no longer than that; soon over first.

    By the database's clock: one process's may be hours off.
    """
    rows = await reader.execute(_ACTIVE, {"closed_for": closed_for, "rooms_max": rooms_max})
    return [_room(row) for row in rows.mappings()]


async def find_epoch(reader: Reader, event_id: UUID) -> int | None:
    epoch: int | None = (await reader.execute(_EPOCH, {"event_id": event_id})).scalar_one_or_none()
    return epoch


async def insert_room(
    tx: Tx, event_id: UUID, settings: WaitingRoomSettings, draw_key: bytes
) -> None:
    """Make the room; one that is there stays as it is."""
    await tx.execute(_INSERT, {"event_id": event_id, "draw_key": draw_key, **_values(settings)})


async def update_room(
    tx: Tx,
    event_id: UUID,
    settings: WaitingRoomSettings,
    now: datetime,
    *,
    entrants: int | None,
) -> int:
    """The new version. ``entrants`` as in ``DrawRecord``, None while no draw was held."""
    params = {"event_id": event_id, "now": now, "entrants": entrants, **_values(settings)}
    version: int = (await tx.execute(_UPDATE, params)).scalar_one()
    return version


async def begin_epoch(tx: Tx, event_id: UUID, now: datetime, draw_key: bytes) -> int | None:
    """The new epoch, whose numbers start at 1; None where there is no room."""
    params = {"event_id": event_id, "now": now, "draw_key": draw_key}
    result = await tx.execute(_RESET, params)
    epoch: int | None = result.scalar_one_or_none()
    return epoch


async def set_notice(tx: Tx, event_id: UUID, notice: str | None, now: datetime) -> bool:
    """Whether there is such a room."""
    params = {"event_id": event_id, "notice": notice, "now": now}
    return (await tx.execute(_NOTICE, params)).rowcount > 0


async def delete_room(tx: Tx, event_id: UUID) -> None:
    await tx.execute(_DELETE, {"event_id": event_id})


async def reserve_numbers(
    tx: Tx, event_id: UUID, *, epoch: int, life: int, numbers_max: int
) -> NumberBlock | None:
    """The numbers that follow ``numbers_max`` in this life; None when the epoch is over."""
    params = {
        "event_id": event_id,
        "epoch": epoch,
        "life": life,
        "numbers_max": numbers_max,
        "block_min": NUMBERS_BLOCK_MIN,
        "block_max": NUMBERS_BLOCK_MAX,
    }
    row = (await tx.execute(_RESERVE, params)).first()
    return None if row is None else NumberBlock(row.first, row.last)


async def record_draw(
    tx: Tx, event_id: UUID, *, epoch: int, entrants: int | None
) -> DrawRecord | None:
    """The epoch's draw, recorded now unless it was before; None when the epoch is over.

    ``entrants`` None: how many numbers were given is not known; all that may have been are drawn.
    """
    params = {"event_id": event_id, "epoch": epoch, "entrants": entrants}
    row = (await tx.execute(_DRAW, params)).first()
    return None if row is None else DrawRecord(bytes(row.draw_key), row.draw_entrants)


def _values(settings: WaitingRoomSettings) -> dict[str, Any]:
    return {
        "capacity": settings.capacity,
        "rate_per_minute": settings.rate_per_minute,
        "pass_ttl_seconds": settings.pass_ttl_seconds,
        "mode": settings.mode.value,
        "paused": settings.paused,
    }


def _room(row: Any) -> WaitingRoom:
    return WaitingRoom(
        event_id=row["event_id"],
        settings=WaitingRoomSettings(
            enabled=row["enabled"],
            capacity=row["capacity"],
            rate_per_minute=row["rate_per_minute"],
            pass_ttl_seconds=row["pass_ttl_seconds"],
            mode=Mode(row["mode"]),
            paused=row["paused"],
        ),
        epoch=row["epoch"],
        notice=row["notice"],
        version=row["version"],
        numbers_reserved=row["numbers_reserved"],
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        commitment=row["commitment"],
        draw_entrants=row["draw_entrants"],
        sold_out=row["sold_out"],
    )
