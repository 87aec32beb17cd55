"""Calls on places kept back."""

from tiketi.admin import allotments
from tiketi.admin.access import get_managed_event, require_managed_event
from tiketi.admin.routes.table import routes
from tiketi.admin.schemas.allotments import AllotmentBody, AllotmentSummaryView, AllotmentView
from tiketi.events import api as events
from tiketi.events.api import CodeFor, EventCancelled, EventEnded
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access
from tiketi.infra.http.wire import Page, PageQuery
from tiketi.infra.postgres import Reader
from tiketi.seats import api as seats
from tiketi.seats.api import Allotment, AllotmentNameTaken, SeatTaken, SoldOut


async def _view(reader: Reader, allotment: Allotment) -> AllotmentView:
    event_id = allotment.event_id
    left = await seats.count_left(reader, event_id, [allotment.id])
    codes = await events.list_codes(reader, event_id, CodeFor.ALLOTMENT, allotment.id)
    seat_map = await seats.read_map(reader, event_id)
    return AllotmentView.of_whole(allotment, left[allotment.id], codes, seat_map)


@routes.post(
    "/events/{event_id}/allotments",
    status=201,
    access=Access.ORGANIZER,
    body=AllotmentBody,
    answer=AllotmentView,
    guard=require_managed_event,
    errors=(SeatTaken, SoldOut, AllotmentNameTaken, EventCancelled, EventEnded),
)
async def create_allotment(call: Call[AllotmentBody, None]) -> AllotmentView:
    """Keep seats or general places back, all of them or none.

    Buyers see the seats as blocked. Who sends the `access_code` may buy them; at `release_at`, or
    when they are released by hand, they are everybody's. A draft whose seats are made again has
    no allotments any more.
    """
    async with call.runtime.database.transaction() as tx:
        allotment = await allotments.create_allotment(
            tx,
            call.runtime,
            call.actor,
            call.path_id("event_id"),
            call.body.as_new(),
            now=call.now,
        )
        return await _view(tx, allotment)


@routes.get(
    "/events/{event_id}/allotments",
    access=Access.ORGANIZER,
    query=PageQuery,
    answer=Page[AllotmentSummaryView],
)
async def list_allotments(call: Call[None, PageQuery]) -> Page[AllotmentSummaryView]:
    """The event's allotments, newest first."""
    event_id = call.path_id("event_id")
    async with call.runtime.database.latest() as reader:
        await get_managed_event(reader, call.actor, event_id)
        page = await seats.list_allotments(
            reader, event_id, limit=call.query.limit, cursor=call.query.cursor
        )
        left = await seats.count_left(reader, event_id, [each.id for each in page.items])
        codes = await events.list_codes(reader, event_id, CodeFor.ALLOTMENT)
    items = [AllotmentSummaryView.of(each, left[each.id], codes) for each in page.items]
    return Page(items=items, next_cursor=page.next_cursor)


@routes.get(
    "/events/{event_id}/allotments/{allotment_id}", access=Access.ORGANIZER, answer=AllotmentView
)
async def get_allotment(call: Call[None, None]) -> AllotmentView:
    """An allotment with its seats."""
    event_id = call.path_id("event_id")
    async with call.runtime.database.latest() as reader:
        await get_managed_event(reader, call.actor, event_id)
        allotment = await seats.get_allotment(reader, event_id, call.path_id("allotment_id"))
        return await _view(reader, allotment)


@routes.post(
    "/events/{event_id}/allotments/{allotment_id}/release",
    access=Access.ORGANIZER,
    answer=AllotmentView,
    guard=require_managed_event,
)
async def release_allotment(call: Call[None, None]) -> AllotmentView:
    """Give the places to everybody, now; those of a large allotment within seconds."""
    async with call.runtime.database.transaction() as tx:
        allotment = await allotments.release_allotment(
            tx,
            call.runtime,
            call.actor,
            call.path_id("event_id"),
            call.path_id("allotment_id"),
            now=call.now,
        )
        return await _view(tx, allotment)


@routes.delete(
    "/events/{event_id}/allotments/{allotment_id}",
    access=Access.ORGANIZER,
    guard=require_managed_event,
)
async def delete_allotment(call: Call[None, None]) -> None:
    """Release an allotment and forget it, with its code."""
    async with call.runtime.database.transaction() as tx:
        await allotments.release_allotment(
            tx,
            call.runtime,
            call.actor,
            call.path_id("event_id"),
            call.path_id("allotment_id"),
            now=call.now,
            forget=True,
        )
