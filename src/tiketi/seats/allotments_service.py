"""Use cases on allotments: keep places back, and release them, by hand or by the clock."""

from array import array
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tiketi.events import api as events
from tiketi.events.api import CodeFor, Event, NewCode, TierKind
from tiketi.infra.http.wire import decode_cursor, encode_cursor
from tiketi.infra.postgres import Reader, Tx
from tiketi.kernel.errors import Invalid, NotFound
from tiketi.kernel.ids import new_id
from tiketi.seats import allotments_repository as repository
from tiketi.seats.allotments import (
    SEATS_AN_ALLOTMENT_MAX,
    Allotment,
    AllotmentPage,
    NewAllotment,
)
from tiketi.seats.domain import SeatMap
from tiketi.seats.errors import AllotmentNameTaken, SeatTaken, SoldOut
from tiketi.seats.maps_repository import find_map
from tiketi.seats.returns import look_for_returns

# Of the seats that are not available so many are named.
NAMED_MAX = 100
# A transaction of so many is a fraction of a second; buyers of those seats wait for it.
RELEASE_BATCH_MAX = 5_000


async def create_allotment(tx: Tx, event: Event, new: NewAllotment, *, now: datetime) -> Allotment:
    """Keep the places back, all or none: SeatTaken, SoldOut, AllotmentNameTaken, Invalid."""
    if new.release_at is not None and new.release_at <= now:
        raise Invalid.at(("body", "release_at"), "must be in the future")
    seat_map = await find_map(tx, event.id)
    allotment = Allotment(
        id=new_id(),
        event_id=event.id,
        name=new.name,
        seat_indexes=array("i", sorted(_find_seats(seat_map, new))),
        general=dict(new.general),
        release_at=new.release_at,
        released=0,
        released_at=None,
        created_at=now,
    )
    _check(event, allotment)
    if not await repository.insert(tx, allotment):
        raise AllotmentNameTaken
    if seat_map is not None and allotment.seat_indexes:
        missing = set(allotment.seat_indexes) - await repository.block_seats(tx, allotment)
        if missing:
            raise SeatTaken([seat_map.seat_ids[index] for index in sorted(missing)[:NAMED_MAX]])
    for tier_id in sorted(allotment.general):
        if not await repository.move_places(tx, allotment, tier_id, allotment.general[tier_id]):
            raise SoldOut
    if new.access_code is not None:
        code = NewCode(new.access_code, CodeFor.ALLOTMENT, allotment.id, new.uses_max)
        await events.add_codes(tx, event.id, [code])
    return allotment


async def get_allotment(reader: Reader, event_id: UUID, allotment_id: UUID) -> Allotment:
    """One of the event's; NotFound."""
    allotment = await repository.find(reader, allotment_id)
    if allotment is None or allotment.event_id != event_id:
        raise NotFound
    return allotment


async def list_allotments(
    reader: Reader, event_id: UUID, *, limit: int, cursor: str | None = None
) -> AllotmentPage:
    """Newest first; Invalid for another's cursor."""
    after = decode_cursor(cursor, UUID)[0] if cursor is not None else None
    assert after is None or isinstance(after, UUID)
    found = await repository.list_of_event(reader, event_id, after=after, limit=limit + 1)
    is_last = len(found) <= limit
    items = tuple(found[:limit])
    return AllotmentPage(items, None if is_last else encode_cursor(items[-1].id))


async def release_allotment(
    tx: Tx, event_id: UUID, allotment_id: UUID, *, now: datetime, forget: bool = False
) -> Allotment:
    """Its time has come: the first of its seats are available with this transaction, the others
    soon after. ``forget``: nobody hears of it again. Releasing again changes nothing. NotFound.
    """
    allotment = await repository.lock(tx, allotment_id)
    if allotment is None or allotment.event_id != event_id:
        raise NotFound
    if allotment.released_at is None or forget:
        await repository.set_due(tx, allotment_id, now, is_deleted=forget)
    if forget:
        await events.drop_codes(tx, event_id, CodeFor.ALLOTMENT, allotment_id)
    if allotment.released_at is None:
        await _release_some(tx, allotment, now)
    return allotment if forget else await get_allotment(tx, event_id, allotment_id)


async def release_due(tx: Tx, now: datetime) -> bool:
    """Release a batch of an allotment whose time has come; whether there was one."""
    allotment = await repository.lock_due(tx, now)
    if allotment is None:
        return False
    await _release_some(tx, allotment, now)
    return True


async def list_allotment_seats(reader: Reader, allotment_id: UUID) -> Sequence[int]:
    """Their indexes, sorted, which never change; an offer's too, none of one that is gone."""
    return await repository.find_seats(reader, allotment_id)


async def _release_some(tx: Tx, allotment: Allotment, now: datetime) -> None:
    batch = allotment.seat_indexes[allotment.released :][:RELEASE_BATCH_MAX]
    await repository.unblock_seats(tx, allotment, batch)
    if allotment.released == 0:
        await repository.open_buckets(tx, allotment)
        await look_for_returns(tx, allotment.event_id, now)
    released = allotment.released + len(batch)
    is_done = released == len(allotment.seat_indexes)
    await repository.set_released(
        tx, allotment.id, released=released, released_at=now if is_done else None
    )


def _check(event: Event, allotment: Allotment) -> None:
    if not allotment.seat_indexes and not allotment.general:
        raise Invalid.at(("body",), "names no seat and no general place", "missing")
    if len(allotment.seat_indexes) > SEATS_AN_ALLOTMENT_MAX:
        raise Invalid.at(("body",), f"an allotment has at most {SEATS_AN_ALLOTMENT_MAX} seats")
    for tier_id in allotment.general:
        tier = event.tier(tier_id)
        if tier is None or tier.kind is not TierKind.GENERAL:
            raise Invalid.at(("body", "general"), "names no general tier of this event")


def _find_seats(seat_map: SeatMap | None, new: NewAllotment) -> set[int]:
    """The seats that are named in any way; Invalid for what the event has not."""
    found: set[int] = set()
    for number, seat_id in enumerate(new.seat_ids):
        place = seat_map.find(seat_id) if seat_map else None
        if place is None:
            raise Invalid.at(("body", "seat_ids", number), "is not a seat of this event")
        found.add(place.index)
    sections = seat_map.sections if seat_map else ()
    rows = {f"{section.name}-{row.name}": row for section in sections for row in section.rows}
    for number, name in enumerate(new.rows):
        if name not in rows:
            raise Invalid.at(("body", "rows", number), "is not a row of this event")
        found.update(rows[name].indexes)
    for number, name in enumerate(new.sections):
        section = seat_map.section(name) if seat_map else None
        if section is None:
            raise Invalid.at(("body", "sections", number), "is not a section of this event")
        found.update(section.indexes)
    return found
