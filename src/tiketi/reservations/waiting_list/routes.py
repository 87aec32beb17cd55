"""Calls on waiting lists."""

from uuid import UUID

from tiketi.events.api import SaleNotOpen
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Routes
from tiketi.infra.http.wire import Page, decode_cursor, encode_cursor
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound
from tiketi.reservations.errors import AccessCodeRequired, LimitExceeded
from tiketi.reservations.waiting_list import joining, repository
from tiketi.reservations.waiting_list.domain import Entry
from tiketi.reservations.waiting_list.errors import AlreadyWaiting, PlacesAvailable
from tiketi.reservations.waiting_list.schemas import EntryView, WaitBody, WaitingListQuery
from tiketi.seats.api import SeatMaps

routes = Routes("reservations")


@routes.post(
    "/waiting-list",
    status=201,
    body=WaitBody,
    answer=EntryView,
    errors=(
        NotFound,
        SaleNotOpen,
        LimitExceeded,
        AccessCodeRequired,
        PlacesAvailable,
        AlreadyWaiting,
    ),
)
async def put_down(call: Call[WaitBody, None]) -> EntryView:
    """Wait for places that cannot be had now; the same again is the first entry."""
    body = call.body
    entry = await joining.put_down(
        call.runtime, body.event_id, call.actor.user_id, body.wish, call.now
    )
    return await _view(call.runtime, entry)


@routes.get("/waiting-list", query=WaitingListQuery, answer=Page[EntryView])
async def list_entries(call: Call[None, WaitingListQuery]) -> Page[EntryView]:
    """One's own entries, newest first, ended ones among them."""
    query = call.query
    before = decode_cursor(query.cursor, UUID)[0] if query.cursor is not None else None
    async with call.runtime.database.latest() as reader:
        found = await repository.list_of_user(
            reader,
            call.actor.user_id,
            event_id=query.event_id,
            before=before if isinstance(before, UUID) else None,
            limit=query.limit + 1,
        )
    shown = found[: query.limit]
    return Page(
        items=[await _view(call.runtime, entry) for entry in shown],
        next_cursor=encode_cursor(shown[-1].id) if len(found) > query.limit else None,
    )


@routes.get("/waiting-list/{entry_id}", answer=EntryView)
async def get_entry(call: Call[None, None]) -> EntryView:
    """One of one's own entries."""
    async with call.runtime.database.latest() as reader:
        entry = await joining.get_own(reader, call.path_id("entry_id"), call.actor.user_id)
    return await _view(call.runtime, entry)


@routes.delete("/waiting-list/{entry_id}")
async def leave(call: Call[None, None]) -> None:
    """Wait no more; what was offered goes on to the next."""
    async with call.runtime.database.transaction() as tx:
        await joining.leave(tx, call.path_id("entry_id"), call.actor.user_id, call.now)


async def _view(runtime: Runtime, entry: Entry) -> EntryView:
    has_seats = entry.offer is not None and entry.offer.seat_indexes
    seat_map = await runtime.one(SeatMaps).get(entry.event_id) if has_seats else None
    return EntryView.of(entry, seat_map)
