"""Following an event live: a WebSocket, and the same as server-sent events."""

from typing import Any

from tiketi.events.api import EventCache
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access, Routes
from tiketi.infra.http.sockets import POLICY, TOO_BIG, TRY_LATER, SocketCall
from tiketi.infra.rate_limit import Limit
from tiketi.kernel.errors import Kind, TiketiError
from tiketi.live.connection import Connection
from tiketi.live.greeting import HELLO_BYTES_MAX, greet, receipt_of
from tiketi.live.hubs import Hubs
from tiketi.live.messages import Message
from tiketi.live.metrics import CONNECTIONS
from tiketi.live.stream import MEDIA_TYPE, EventStream

routes = Routes("queue")

# A client has nothing to say after its hello; some libraries send a sign of life.
SAID_MAX = 1_000
_CODE_OF = {
    Kind.UNAUTHENTICATED: 4401,
    Kind.FORBIDDEN: 4403,
    Kind.NOT_FOUND: 4404,
    Kind.THROTTLED: 4429,
    Kind.UNAVAILABLE: TRY_LATER,
}


@routes.socket("/{event_id}/live")
async def follow_live(call: SocketCall) -> int:
    """Say hello, then be told of one's standing, of seats, status and notices."""
    try:
        actor, event_id, shown = await greet(call)
    except TiketiError as refusal:
        return _CODE_OF.get(refusal.kind, POLICY)

    async def deliver(message: Message) -> None:
        await call.send(message.text)

    async def listen() -> int:
        for _ in range(SAID_MAX):
            if len(await call.receive()) > HELLO_BYTES_MAX:
                return TOO_BIG
        return POLICY

    hubs = call.runtime.one(Hubs)
    connection = Connection(actor, event_id, deliver, hubs.postman, shown)
    connection.try_text = call.try_text
    with CONNECTIONS.labels("socket").track_inprogress():
        hubs.attach(connection)
        try:
            return await connection.run(listen)
        finally:
            hubs.detach(connection)


async def _find_event(call: Call[Any, Any]) -> None:
    await call.runtime.one(EventCache).get(call.path_id("event_id"))


@routes.get(
    "/{event_id}/stream",
    answer=MEDIA_TYPE,
    access=Access.USER,
    limit=Limit.WAITING,
    takes_receipt=True,
    guard=_find_event,
)
async def stream_live(call: Call[None, None]) -> EventStream:
    """Follow the event as server-sent events, by access token or by receipt."""
    event_id, shown = call.path_id("event_id"), None
    if "event" in call.claims:
        shown = receipt_of(call.claims, call.request.headers["queue-receipt"], event_id)
    return EventStream(call.runtime, call.actor, event_id, shown)
