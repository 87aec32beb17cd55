"""Exports, streamed."""

from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import Any

from starlette.responses import StreamingResponse

from tiketi.admin.access import get_managed_event, scope_of
from tiketi.admin.exports import ExportSlots, write_csv
from tiketi.admin.exports_repository import (
    ATTENDEES,
    PAYMENTS,
    RESERVATIONS,
    Export,
    ExportScope,
)
from tiketi.admin.routes.table import routes
from tiketi.admin.schemas.exports import ExportQuery
from tiketi.admin.trail import record
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound

CSV = "text/csv"


class _Download(StreamingResponse):
    """Closes what it reads from however it ends, a client that went away included."""

    async def stream_response(self, send: Any) -> None:
        # A store that is away is Unavailable; OSError is the client's own end of the line.
        with suppress(OSError):
            async with aclosing(self.body_iterator):  # type: ignore[type-var]  # a generator of ours
                await super().stream_response(send)


@routes.get(
    "/exports/reservations.csv",
    access=Access.ORGANIZER,
    query=ExportQuery,
    answer=CSV,
    errors=(NotFound,),
)
async def export_reservations(call: Call[None, ExportQuery]) -> StreamingResponse:
    """Reservations as CSV, of one event or all."""
    return await _export(call, RESERVATIONS)


@routes.get(
    "/exports/payments.csv",
    access=Access.ORGANIZER,
    query=ExportQuery,
    answer=CSV,
    errors=(NotFound,),
)
async def export_payments(call: Call[None, ExportQuery]) -> StreamingResponse:
    """Payments as CSV, of one event or all."""
    return await _export(call, PAYMENTS)


@routes.get(
    "/exports/attendees.csv",
    access=Access.ORGANIZER,
    query=ExportQuery,
    answer=CSV,
    errors=(NotFound,),
)
async def export_attendees(call: Call[None, ExportQuery]) -> StreamingResponse:
    """Tickets with their holders as CSV, of one event or all; void tickets are left out."""
    return await _export(call, ATTENDEES)


async def _export(call: Call[None, ExportQuery], export: Export) -> StreamingResponse:
    event_id = call.query.event_id
    scope = ExportScope(event_id, scope_of(call.actor))
    async with call.runtime.database.transaction() as tx:
        if event_id is not None:
            await get_managed_event(tx, call.actor, event_id)
        # Personal data leaves the house: that is on record too.
        await record(tx, call.actor, f"export.{export.name}", event_id, now=call.now)
    chunks = _read(call.runtime, export, scope)
    # The first chunk is awaited here, so that a refusal still has its own status.
    first = await anext(chunks)
    return _Download(
        _from(first, chunks),
        media_type=CSV,
        headers={
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{export.name}.csv"',
        },
    )


async def _read(runtime: Runtime, export: Export, scope: ExportScope) -> AsyncIterator[bytes]:
    async with runtime.one(ExportSlots).take(), runtime.database.snapshot() as reader:
        async for chunk in write_csv(reader, export, scope):
            yield chunk


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async with aclosing(rest):  # type: ignore[type-var]  # a generator of ours
        yield first
        async for chunk in rest:
            yield chunk
