"""What a process has to say to its clients, written together at the end of a turn of the loop."""

import asyncio


class Outbox:
    """Whole answers wait here until every request of the turn is answered.

    A write is a system call, and the kernel's way through it turns the processor's caches over: the
    request after it would run a third slower. Whoever writes past the outbox, or ends a
    connection, sends what waits first, so that nothing overtakes or is lost.
    """

    __slots__ = ("_loop", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []

    def put(self, transport: asyncio.Transport, data: bytes) -> None:
        """Write it soon, in the order of the calls."""
        if not self._waiting:
            self._loop.call_soon(self.flush)
        self._waiting.append((transport, data))

    def write(self, transport: asyncio.Transport, data: bytes) -> None:
        """Write it now."""
        self.flush()
        transport.write(data)

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for transport, data in waiting:
            if not transport.is_closing():
                transport.write(data)
