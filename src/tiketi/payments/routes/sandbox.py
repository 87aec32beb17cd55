"""The sandbox's own page. Whoever holds its address, which nobody can guess, is the buyer."""

from typing import Any

from starlette.responses import HTMLResponse, RedirectResponse, Response

from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access, Routes
from tiketi.infra.rate_limit import Limit
from tiketi.kernel.errors import NotFound
from tiketi.payments.providers.directory import Providers
from tiketi.payments.providers.sandbox.books import Entry, find_entry
from tiketi.payments.providers.sandbox.page import decide_on_page, render_page
from tiketi.payments.providers.sandbox.provider import Sandbox

HTML = "text/html"
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
routes = Routes("payments")


@routes.get("/sandbox/{charge}", access=Access.PUBLIC, limit=Limit.PUBLIC, answer=HTML)
async def show_sandbox_page(call: Call[None, None]) -> Response:
    """The sandbox's page for a charge that awaits its buyer."""
    _check_open(call)
    async with call.runtime.database.latest() as reader:
        entry = await find_entry(reader, call.path_text("charge"))
    if entry is None:
        raise NotFound
    return HTMLResponse(render_page(entry), headers=_HEADERS)


@routes.post(
    "/sandbox/{charge}/approve",
    status=303,
    access=Access.PUBLIC,
    limit=Limit.PUBLIC,
)
async def approve_on_sandbox_page(call: Call[None, None]) -> Response:
    """Approve the charge, and go back to the shop."""
    return _leave(call, await _decide(call, approves=True))


@routes.post(
    "/sandbox/{charge}/decline",
    status=303,
    access=Access.PUBLIC,
    limit=Limit.PUBLIC,
)
async def decline_on_sandbox_page(call: Call[None, None]) -> Response:
    """Decline the charge, and go back to the shop."""
    return _leave(call, await _decide(call, approves=False))


async def _decide(call: Call[Any, Any], *, approves: bool) -> Entry:
    _check_open(call)
    entry_id = call.path_text("charge")
    async with call.runtime.database.transaction() as tx:
        entry = await decide_on_page(tx, entry_id, approves=approves, now=call.now)
    if entry is None:
        raise NotFound
    return entry


def _check_open(call: Call[Any, Any]) -> None:
    """NotFound where the settings do not name the sandbox."""
    if call.runtime.one(Providers).find(Sandbox.name) is None:
        raise NotFound


def _leave(call: Call[Any, Any], entry: Entry) -> Response:
    """To the shop where it said where, else to the page that tells how it ended."""
    back = entry.return_url or call.request.url.path.rsplit("/", 1)[0]
    return RedirectResponse(back, status_code=303, headers=_HEADERS)
