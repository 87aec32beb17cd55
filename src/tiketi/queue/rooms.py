"""Settings of a waiting room: PostgreSQL is their truth, the store follows."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tiketi.events import api as events
from tiketi.infra.postgres import Reader, Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound
from tiketi.queue import repository
from tiketi.queue.domain import Mode, WaitingRoom, WaitingRoomSettings
from tiketi.queue.errors import QueueModeFixed
from tiketi.queue.lines import Lines
from tiketi.queue.metrics import OPERATOR_ACTIONS
from tiketi.queue.permutation import KEY_BYTES
from tiketi.queue.syncing import apply_room

_DEFAULTS = WaitingRoomSettings()
# Settings whose change is one action; the others are two, there and back.
_ACTIONS = {
    "capacity": "capacity",
    "rate_per_minute": "rate",
    "pass_ttl_seconds": "pass_ttl",
    "mode": "mode",
}


async def open_room(
    tx: Tx, runtime: Runtime, event_id: UUID, settings: WaitingRoomSettings = _DEFAULTS
) -> None:
    """Give a new event its waiting room. ``enabled`` is the event's own: it is not written here."""
    await repository.insert_room(tx, event_id, settings, secrets.token_bytes(KEY_BYTES))
    _apply_after_commit(tx, runtime, event_id)


async def drop_room(tx: Tx, event_id: UUID) -> None:
    """For an event that is deleted before anybody could stand in line for it."""
    await repository.delete_room(tx, event_id)


async def get_room(reader: Reader, event_id: UUID) -> WaitingRoom:
    room = await repository.find_room(reader, event_id)
    if room is None:
        raise NotFound
    return room


async def configure(
    tx: Tx, runtime: Runtime, event_id: UUID, changes: Mapping[str, Any], *, now: datetime
) -> WaitingRoom:
    """Change any of the fields of ``WaitingRoomSettings``; the store has them after the commit.

    To drain is to pause: nobody is admitted, and those inside finish. A draw is of those who joined
    before the opening: set later, it has no entrants and the line stays as it is.
    NotFound; QueueModeFixed for undoing a draw that was held.
    """
    is_switched = "enabled" in changes and await events.set_queue_enabled(
        tx, event_id, enabled=changes["enabled"]
    )
    room = await repository.lock_room(tx, event_id)
    if room is None:
        raise NotFound
    settings = replace(room.settings, **changes)
    _count_after_commit(tx, *_actions(room.settings, settings, is_switched=is_switched))
    is_line_open = room.numbers_reserved > 0 and await repository.has_opened(tx, event_id)
    entrants = room.draw_entrants
    if room.settings.mode is Mode.DRAW and settings.mode is Mode.FIFO:
        if entrants or (entrants is None and is_line_open):
            raise QueueModeFixed
    elif room.settings.mode is Mode.FIFO and settings.mode is Mode.DRAW and is_line_open:
        entrants = 0
    version = await repository.update_room(tx, event_id, settings, now, entrants=entrants)
    _apply_after_commit(tx, runtime, event_id)
    return replace(room, settings=settings, version=version)


async def reset_room(tx: Tx, runtime: Runtime, event_id: UUID, *, now: datetime) -> int:
    """Empty the line: the new epoch, in which passes and receipts from before are void.

    It has a draw key of its own.
    """
    epoch = await repository.begin_epoch(tx, event_id, now, secrets.token_bytes(KEY_BYTES))
    if epoch is None:
        raise NotFound
    _count_after_commit(tx, "reset")
    _apply_after_commit(tx, runtime, event_id)
    return epoch


async def close_room(tx: Tx, runtime: Runtime, event_id: UUID) -> None:
    """For an event cancelled in this transaction: nobody is admitted after its commit."""
    _apply_after_commit(tx, runtime, event_id)


async def set_notice(tx: Tx, event_id: UUID, notice: str | None, *, now: datetime) -> None:
    """The operator's text for those who wait; None takes it back."""
    if not await repository.set_notice(tx, event_id, notice, now):
        raise NotFound
    _count_after_commit(tx, "notice")


async def find_notice(reader: Reader, event_id: UUID) -> str | None:
    """The operator's text as it stands; None without one, and without a room."""
    room = await repository.find_room(reader, event_id)
    return None if room is None else room.notice


def _apply_after_commit(tx: Tx, runtime: Runtime, event_id: UUID) -> None:
    async def effect() -> None:
        runtime.one(events.EventCache).forget(event_id)
        async with runtime.database.latest() as reader:
            room = await get_room(reader, event_id)
        await apply_room(runtime, room)
        runtime.one(Lines).forget(event_id)

    tx.after_commit(effect)


def _actions(
    before: WaitingRoomSettings, after: WaitingRoomSettings, *, is_switched: bool
) -> Iterator[str]:
    """What an operator did, a word for each setting that is another now."""
    if is_switched:
        yield "enable" if after.enabled else "disable"
    if before.paused != after.paused:
        yield "pause" if after.paused else "resume"
    was, new = asdict(before), asdict(after)
    for field, action in _ACTIONS.items():
        if was[field] != new[field]:
            yield action


def _count_after_commit(tx: Tx, *actions: str) -> None:
    async def effect() -> None:
        for action in actions:
            OPERATOR_ACTIONS.labels(action).inc()

    tx.after_commit(effect)
