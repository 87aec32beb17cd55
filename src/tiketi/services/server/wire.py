"""A client's socket: its deadlines, its pace, and an ending that does not destroy the last answer.

Closing with unread data makes the kernel send a reset, and a reset discards what the client has
not read yet; so we shut our side and read on for a moment (RFC 9112 §9.6).
"""

import asyncio
import contextlib
from typing import Any

from hypercorn.utils import parse_socket_addr

from tiketi.services.server.engine import LINGER_SECONDS
from tiketi.services.server.outbox import Outbox

WRITE_STALL_SECONDS = 30.0  # a client that does not read is dropped
LINGER_BYTES_MAX = 1024 * 1024


class Wire(asyncio.Protocol):
    __slots__ = (
        "_discarded_bytes",
        "_reading",
        "_stall",
        "_timer",
        "_writable",
        "client",
        "closing",
        "loop",
        "outbox",
        "server",
        "transport",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, outbox: Outbox) -> None:
        self.loop = loop
        self.outbox = outbox
        self.transport: asyncio.Transport
        self.client: Any = None
        self.server: Any = None
        self.closing = False  # nothing is read or written any more
        self._timer: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._writable: asyncio.Future[None] | None = None  # set: the client does not read
        self._reading = True
        self._discarded_bytes = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        sock = transport.get_extra_info("socket")
        try:
            self.client = parse_socket_addr(sock.family, sock.getpeername())
            self.server = parse_socket_addr(sock.family, sock.getsockname())
        except OSError:
            self.abort()  # it left before we could ask who it is

    def connection_lost(self, _error: Exception | None) -> None:
        self.closing = True
        self.disarm()
        self.resume_writing()

    def pause_writing(self) -> None:
        if self._writable is None:
            self._writable = self.loop.create_future()
            self._stall = self.loop.call_later(WRITE_STALL_SECONDS, self.transport.abort)
            self.pace()

    def resume_writing(self) -> None:
        if self._writable is not None and self._stall is not None:
            self._stall.cancel()
            self._writable.set_result(None)
            self._writable = self._stall = None
            self.pace()

    def write(self, data: bytes, *, soon: bool = False) -> None:
        """``soon``: with the others of this turn of the loop."""
        if soon:
            self.outbox.put(self.transport, data)
        elif data:
            self.outbox.write(self.transport, data)

    async def drain(self) -> None:
        """Wait while the client does not read."""
        if self._writable is not None:
            await asyncio.shield(self._writable)  # others wait for it too

    def may_read(self) -> bool:
        """Whether what the socket has next can be dealt with."""
        return self._writable is None

    def pace(self) -> None:
        """Read on, or stop, as ``may_read`` says; what is only discarded is always read."""
        reading = self.closing or self.may_read()
        if reading is self._reading or self.transport.is_closing():
            return
        self._reading = reading
        if reading:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def discard(self, data: bytes) -> None:
        self._discarded_bytes += len(data)
        if self._discarded_bytes > LINGER_BYTES_MAX:
            self.transport.abort()

    def linger(self) -> None:
        """Let the client take what was written, then go."""
        if self.closing:
            return
        self.disarm()
        self.closing = True
        self.outbox.flush()
        with contextlib.suppress(OSError, RuntimeError):
            self.transport.write_eof()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)
        self.pace()

    def abort(self) -> None:
        """Cut it off, whatever is on its way."""
        self.closing = True
        self.disarm()
        self.transport.abort()

    def arm(self, seconds: float) -> None:
        """Call ``time_out`` then, in the place of an earlier deadline."""
        self.disarm()
        self._timer = self.loop.call_later(seconds, self.time_out)

    def disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def time_out(self) -> None:
        """The deadline has passed."""
        self.linger()
