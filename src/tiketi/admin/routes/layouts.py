"""Calls on seat layouts."""

from tiketi.admin import layouts
from tiketi.admin.access import require_managed_layout, scope_of
from tiketi.admin.routes.table import routes
from tiketi.admin.schemas.layouts import LayoutBody, LayoutSummaryView, LayoutView
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access
from tiketi.infra.http.wire import Page, PageQuery
from tiketi.seats import api as seats
from tiketi.seats.api import LayoutInUse


@routes.post("/layouts", status=201, access=Access.ORGANIZER, body=LayoutBody, answer=LayoutView)
async def create_layout(call: Call[LayoutBody, None]) -> LayoutView:
    """Make a seat layout.

    An organizer's is their own. An admin's is the house's: every organizer may use it.
    """
    async with call.runtime.database.transaction() as tx:
        layout = await layouts.create_layout(
            tx, call.actor, name=call.body.name, sections=call.body.as_sections(), now=call.now
        )
    return LayoutView.of_whole(layout)


@routes.get("/layouts", access=Access.ORGANIZER, query=PageQuery, answer=Page[LayoutSummaryView])
async def list_layouts(call: Call[None, PageQuery]) -> Page[LayoutSummaryView]:
    """The layouts that one may use, newest first."""
    async with call.runtime.database.latest() as reader:
        page = await seats.list_layouts(
            reader,
            seen_by=scope_of(call.actor),
            limit=call.query.limit,
            cursor=call.query.cursor,
        )
    return Page(
        items=[LayoutSummaryView.of(layout) for layout in page.items],
        next_cursor=page.next_cursor,
    )


@routes.get("/layouts/{layout_id}", access=Access.ORGANIZER, answer=LayoutView)
async def get_layout(call: Call[None, None]) -> LayoutView:
    """A layout with its sections, as it was given."""
    async with call.runtime.database.latest() as reader:
        layout = await seats.get_layout(
            reader, call.path_id("layout_id"), seen_by=scope_of(call.actor)
        )
    return LayoutView.of_whole(layout)


@routes.put(
    "/layouts/{layout_id}",
    access=Access.ORGANIZER,
    body=LayoutBody,
    answer=LayoutView,
    guard=require_managed_layout,
)
async def replace_layout(call: Call[LayoutBody, None]) -> LayoutView:
    """Change a layout; events keep the seats that they were made with."""
    async with call.runtime.database.transaction() as tx:
        layout = await layouts.replace_layout(
            tx,
            call.actor,
            call.path_id("layout_id"),
            name=call.body.name,
            sections=call.body.as_sections(),
            now=call.now,
        )
    return LayoutView.of_whole(layout)


@routes.delete(
    "/layouts/{layout_id}",
    access=Access.ORGANIZER,
    guard=require_managed_layout,
    errors=(LayoutInUse,),
)
async def delete_layout(call: Call[None, None]) -> None:
    """Delete a layout that no event names."""
    async with call.runtime.database.transaction() as tx:
        await layouts.delete_layout(tx, call.actor, call.path_id("layout_id"), now=call.now)
