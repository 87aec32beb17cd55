"""The waiting room over HTTP."""

from typing import Any
from uuid import UUID

import orjson

from tiketi.events.api import EventCache, SaleNotOpen
from tiketi.infra.http.call import Answer, Call
from tiketi.infra.http.routes import Access, Routes
from tiketi.infra.rate_limit import Limit
from tiketi.kernel.errors import Unauthenticated
from tiketi.queue import api
from tiketi.queue.schemas import BoardView, JoinBody, StandingView

routes = Routes("queue")

_BOARD_HEADERS = ((b"cache-control", b"public, max-age=1"),)


async def _find_event(call: Call[Any, Any]) -> None:
    await call.runtime.one(EventCache).get(call.path_id("event_id"))


def _receipt(call: Call[Any, Any], event_id: UUID) -> api.Receipt | None:
    """The receipt that stood in for the access token; Unauthenticated for another event's."""
    if "event" not in call.claims:
        return None
    proof = api.read_claims(call.claims)
    if proof is None or proof.event_id != event_id:
        raise Unauthenticated("The receipt is of another event.")
    return api.Receipt(call.request.headers["queue-receipt"], proof)


def _told(standing: api.Standing) -> Answer:
    return Answer(orjson.dumps(api.describe_standing(standing)))


@routes.post(
    "/{event_id}/join",
    body=JoinBody,
    body_optional=True,
    answer=StandingView,
    access=Access.USER,
    limit=Limit.WAITING,
    guard=_find_event,
    errors=(SaleNotOpen,),
    detached=False,
)
async def join_queue(call: Call[JoinBody | None, None]) -> Answer:
    """Take a place in the waiting room; joining again keeps the first."""
    standing = await api.join_queue(
        call.runtime,
        call.actor,
        call.path_id("event_id"),
        receipt=call.body.receipt if call.body else None,
        now=call.now,
    )
    return _told(standing)


@routes.get(
    "/{event_id}/status",
    answer=StandingView,
    access=Access.USER,
    limit=Limit.WAITING,
    takes_receipt=True,
    errors=(api.NotInQueue,),
)
async def read_status(call: Call[None, None]) -> Answer:
    """Read one's own standing, by access token or by receipt."""
    event_id = call.path_id("event_id")
    standing = await api.read_status(
        call.runtime, call.actor, event_id, shown=_receipt(call, event_id), now=call.now
    )
    return _told(standing)


@routes.post(
    "/{event_id}/leave",
    status=204,
    access=Access.USER,
    limit=Limit.WAITING,
    guard=_find_event,
    detached=False,
)
async def leave_queue(call: Call[None, None]) -> None:
    """Give up one's place and pass; again is no error."""
    await api.leave_queue(call.runtime, call.actor, call.path_id("event_id"))


@routes.get(
    "/{event_id}/board",
    answer=BoardView,
    access=Access.PUBLIC,
    limit=Limit.PUBLIC,
    guard=_find_event,
)
async def read_board(call: Call[None, None]) -> Answer:
    """Read the waiting room's public figures."""
    event_id = call.path_id("event_id")
    board = await api.read_board(call.runtime, event_id)
    view = BoardView.of(event_id, board)
    return Answer(view.model_dump_json().encode(), headers=_BOARD_HEADERS)
