"""One client's connection: where hypercorn has its TCPServer and H11Protocol, around its streams.

Its back-pressure: one request at a time, and the socket is read only as fast as the application
receives and the client reads.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.protocol.events import Body, Data, EndBody, Event, Request, Response, StreamClosed
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.protocol.ws_stream import WSStream
from hypercorn.typing import ConnectionState
from wsproto.connection import Connection as WebSocket
from wsproto.connection import ConnectionState as WebSocketState
from wsproto.utilities import ProtocolError as WebSocketProtocolError

from tiketi.services.server.answers import CONTINUE, Answer
from tiketi.services.server.engine import KEEP_ALIVE_SECONDS, Asgi
from tiketi.services.server.frames import text_frame
from tiketi.services.server.heads import RequestHead, RequestRefused
from tiketi.services.server.inbox import AppTasks
from tiketi.services.server.outbox import Outbox
from tiketi.services.server.strict_http import (
    HEAD_SECONDS,
    HeadersTooSlow,
    RequestParser,
    render_refusal,
)
from tiketi.services.server.wire import Wire

FRAMES_BYTES = 4096  # of a WebSocket, taken between two looks at what its application received
STREAM_ID = 1


@dataclass(slots=True)
class Shared:
    """What the connections of a process have in common."""

    app: Asgi
    config: Config
    context: WorkerContext
    outbox: Outbox
    connections: set["ClientConnection"] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    state: ConnectionState = field(default_factory=lambda: ConnectionState({}))


class ClientConnection(Wire):
    __slots__ = (
        "_answer", "_apps", "_driving", "_expects_continue", "_frames", "_idle_until", "_parser",
        "_requests", "_shared", "_stream", "_websocket",
    )  # fmt: skip

    def __init__(self, shared: Shared, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop, shared.outbox)
        self._shared = shared
        self._parser: RequestParser | None = RequestParser(self)  # None: a WebSocket
        self._stream: HTTPStream | WSStream | None = None  # None: between two requests
        self._websocket: WebSocket | None = None  # once it is accepted
        self._apps: AppTasks | None = None
        self._answer: Answer | None = None
        self._frames = b""  # of a WebSocket, not yet handed on
        self._requests = 0
        self._idle_until = 0.0  # on the loop's clock; 0 once a head has begun
        self._driving = False
        self._expects_continue = False

    # The socket's side.

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if not self.closing:
            self._shared.connections.add(self)
            self._await_request()

    def data_received(self, data: bytes) -> None:
        if self.closing:
            self.discard(data)
        elif self._parser is None:
            self._frames += data
            self._take_frames()
        else:
            self._parse(self._parser, data)

    def eof_received(self) -> bool:
        """Whether to keep our side open: for an answer that is on its way."""
        self.outbox.flush()
        parser, apps = self._parser, self._apps
        if self.closing or self._stream is None or parser is None or not parser.ended:
            return False
        if self._answer is not None:
            self._answer.keep_alive = False
        if apps is not None and apps.inbox is not None:
            apps.inbox.put_now({"type": "http.disconnect"})
        return True

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._shared.connections.discard(self)
        self._end_stream()

    def may_read(self) -> bool:
        if not super().may_read():
            return False
        parser, apps = self._parser, self._apps
        if parser is not None and parser.ended and parser.has_unread:
            return False  # the next request waits for this one's answer
        return apps is None or apps.inbox is None or not apps.inbox.full

    def time_out(self) -> None:
        self._timer = None
        if self._stream is not None:
            return  # whoever is answered has no deadline; the next wait has
        if self._idle_until == 0.0:
            self._refuse(HeadersTooSlow.status)
        elif (left_seconds := self._idle_until - self.loop.time()) > 0:
            self.arm(left_seconds)
        else:
            self.linger()

    # The engine's side.

    def close_when_idle(self) -> None:
        """The service ends: what is idle goes now, the rest after its answer."""
        if self._stream is None:
            self.linger()

    def try_text(self, text: str) -> bool:
        """Write the text as a frame at once; False where only ASGI's way can tell what to do."""
        websocket = self._websocket
        if (
            websocket is None
            or self.closing
            or websocket.state is not WebSocketState.OPEN
            or self.transport.get_write_buffer_size()
        ):
            return False
        self.transport.write(text_frame(text))
        return True

    # Requests.

    def _await_request(self) -> None:
        self._idle_until = self.loop.time() + KEEP_ALIVE_SECONDS
        if self._timer is None:  # an earlier one looks at the clock and waits on
            self.arm(KEEP_ALIVE_SECONDS)

    def _parse(self, parser: RequestParser, data: bytes | None) -> None:
        """Take what came; without any, go on to the next request."""
        try:
            if data is None:
                parser.start_next()
            else:
                parser.feed(data)
        except RequestRefused as refused:
            self._refuse(refused.status)
            return
        if self._stream is None and parser.head_begun and self._idle_until:
            self._idle_until = 0.0
            self.arm(HEAD_SECONDS)
        self.pace()

    def on_request(self, head: RequestHead) -> None:
        shared = self._shared
        if self._idle_until == 0.0:
            self.disarm()  # the head's deadline
        self._answer = Answer(head)
        self._expects_continue = head.expects_continue
        self._apps = AppTasks(shared.tasks, self._on_receive, self.try_text)
        kind: type[HTTPStream | WSStream] = HTTPStream
        if head.wants_websocket:
            assert self._parser is not None
            self._frames, self._parser = self._parser.take_rest(), None
            self.disarm()
            kind = WSStream
        self._stream = stream = kind(
            *(shared.app, shared.config, shared.context, self._apps, False),  # type: ignore[arg-type]  # stands for its TaskGroup
            *(self.client, self.server, self._stream_send, STREAM_ID),
        )
        said = (head.headers, head.version, head.method, head.target)
        self._drive(stream.handle(Request(STREAM_ID, *said, shared.state)))
        self._requests += 1

    def on_body_part(self, data: bytes) -> None:
        self._expects_continue = False
        if self._stream is not None:
            self._drive(self._stream.handle(Body(STREAM_ID, data)))

    def on_request_end(self) -> None:
        self._expects_continue = False
        if self._stream is not None:
            self._drive(self._stream.handle(EndBody(STREAM_ID)))

    def _on_receive(self) -> None:
        """The application asks for more."""
        if self._expects_continue and self._answer is not None and not self._answer.begun:
            self._expects_continue = False
            self.write(CONTINUE)
        if self._frames:
            self._take_frames()
        elif not self._reading:
            self.pace()

    def _take_frames(self) -> None:
        while self._frames and self._stream is not None and self.may_read() and not self.closing:
            data, self._frames = self._frames[:FRAMES_BYTES], self._frames[FRAMES_BYTES:]
            try:
                self._drive(self._stream.handle(Data(STREAM_ID, data)))
            except WebSocketProtocolError:
                self._end_stream()  # not a frame; there is nothing to answer in
                self.linger()
        self.pace()

    def _refuse(self, status: int) -> None:
        """Answer a request that cannot be read, if no answer has begun."""
        begun = self._answer is not None and self._answer.begun
        self._end_stream()
        if begun:
            self.abort()
            return
        answer = Answer(RequestHead("GET", b"/", "1.1", [], 0, *(False,) * 4))
        status, headers, body = render_refusal(status)
        headers += self._shared.config.response_headers("h11")
        answer.begin(status, headers, last=True)
        self.write(answer.body(body))
        self.linger()

    # The application's side.

    async def _stream_send(self, event: Event) -> None:
        """What a stream has for the wire."""
        answer = self._answer
        if self.closing or answer is None:
            return
        if isinstance(event, Response):
            self._begin(answer, event)
        elif isinstance(event, Body):
            self.write(answer.body(event.data), soon=answer.is_whole)
        elif isinstance(event, EndBody):
            self.write(answer.end())
            if self._parser is None:
                self.linger()  # a WebSocket that was refused
        elif isinstance(event, Data):
            self.write(event.data)
        elif isinstance(event, StreamClosed):
            self._close(answer)
        if self._writable is not None and not self._driving:
            await self.drain()

    def _begin(self, answer: Answer, event: Response) -> None:
        config = self._shared.config
        headers = event.headers + config.response_headers("h11")
        last = self._requests > config.keep_alive_max_requests
        answer.begin(event.status_code, headers, last=last)
        if answer.switches and isinstance(self._stream, WSStream):
            self._websocket = self._stream.connection
            self.write(answer.end())

    def _close(self, answer: Answer) -> None:
        """A stream is at its end: the next request, if this one left the connection in order."""
        parser = self._parser
        self._end_stream()
        if parser is None and answer.begun:
            self.linger()  # a WebSocket has said what it had to say
        elif not answer.complete or parser is None:
            self.abort()  # an answer that ended early must not look whole
        elif answer.keep_alive and parser.ended:
            self._answer = self._apps = None
            self._await_request()
            self._parse(parser, None)
        else:
            self.linger()

    def _end_stream(self) -> None:
        stream, self._stream = self._stream, None
        self._websocket = None
        if stream is not None:
            self._drive(stream.handle(StreamClosed(stream_id=STREAM_ID)))

    def _drive(self, step: Coroutine[Any, Any, None]) -> None:
        """Run a stream's step to its end: neither our inbox nor, from here, the wire waits."""
        was_driving, self._driving = self._driving, True
        try:
            step.send(None)
        except StopIteration:
            return
        finally:
            self._driving = was_driving
        raise RuntimeError("a stream waits where nothing may wait")
