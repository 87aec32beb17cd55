"""One event as one process follows it: each thing is read once a tick, whoever is told."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

from tiketi.events.api import Event, EventCache, EventStatus
from tiketi.infra.http.sockets import TRY_LATER
from tiketi.infra.runtime import Runtime
from tiketi.infra.telemetry import LOOP_FAILURES
from tiketi.kernel.errors import NotFound, Unavailable
from tiketi.live.connection import Connection
from tiketi.live.messages import PING, Message, notice_message, status_message
from tiketi.live.metrics import STALLED, TICK
from tiketi.live.seat_changes import SeatChanges
from tiketi.live.standings import Standings
from tiketi.queue.api import find_notice
from tiketi.seats.api import read_availability

log = structlog.get_logger(__name__)

# Who come within it are looked up together.
GATHER_SECONDS = 0.02
STALL_SECONDS = 15.0  # a client that reads nothing for so long is dropped
TOLD_AT_ONCE_MAX = 250  # then others have their turn on the loop


class Hub:
    def __init__(self, runtime: Runtime, event_id: UUID) -> None:
        self._runtime = runtime
        self._event_id = event_id
        # In the order in which they came.
        self.connections: dict[Connection, None] = {}
        self._arrived: list[Connection] = []
        self._has_arrivals = asyncio.Event()
        self._standings = Standings(runtime)
        self._seats = SeatChanges()
        self._event: Event | None = None
        self._status: EventStatus | None = None
        self._notice: str | None = None

    def add(self, connection: Connection) -> None:
        connection.next_ping_at = self._now() + self._runtime.settings.live_ping_seconds
        self.connections[connection] = None
        self._arrived.append(connection)
        self._has_arrivals.set()

    def remove(self, connection: Connection) -> None:
        self.connections.pop(connection, None)
        self._standings.remove(connection)

    async def run(self) -> None:
        """Tick until cancelled; between the ticks, welcome who comes."""
        next_tick_at = self._now()
        while True:
            try:
                if self._now() >= next_tick_at:
                    next_tick_at = self._now() + self._runtime.settings.live_tick_seconds
                    await self._tick()
                await self._welcome()
            except Exception:
                # Here nobody else would hear of it, and the next tick may well do.
                LOOP_FAILURES.labels("live").inc()
                log.exception("tick_failed", event_id=str(self._event_id))
                await asyncio.sleep(self._runtime.settings.live_tick_seconds)
            await self._wait_until(next_tick_at)

    async def _wait_until(self, next_tick_at: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, next_tick_at - self._now())):
                await self._has_arrivals.wait()
                await asyncio.sleep(GATHER_SECONDS)
        except TimeoutError:
            return

    async def _tick(self) -> None:
        with TICK.time():
            await self._try("event", self._follow_event)
            await asyncio.gather(
                self._try("notice", self._follow_notice),
                self._try("seats", self._follow_seats),
                self._try("line", self._follow_line),
            )
            self._ping_and_drop()

    async def _try(self, what: str, follow: Callable[[], Awaitable[None]]) -> None:
        """One store's trouble keeps nobody from hearing the rest."""
        try:
            await follow()
        except Unavailable as error:
            log.warning("live_waits", what=what, event_id=str(self._event_id), reason=error.detail)
        except NotFound:
            log.warning("live_event_gone", what=what, event_id=str(self._event_id))

    async def _follow_event(self) -> None:
        self._event = await self._runtime.one(EventCache).get(self._event_id)
        status = self._event.status(self._runtime.clock.now())
        if status is not self._status:
            self._status = status
            await self._broadcast(status_message(self._event_id, status))

    async def _follow_notice(self) -> None:
        async with self._runtime.database.reader() as reader:
            notice = await find_notice(reader, self._event_id)
        if notice != self._notice:
            self._notice = notice
            await self._broadcast(notice_message(notice))

    async def _follow_seats(self) -> None:
        for message in self._seats.since(await read_availability(self._runtime, self._event_id)):
            await self._broadcast(message)

    async def _follow_line(self) -> None:
        if self._event is not None:
            await self._standings.tick(self._event)

    async def _welcome(self) -> None:
        """Who came is told how things are. Until then no broadcast reaches them."""
        if self._event is None or self._status is None:
            return
        self._has_arrivals.clear()
        arrived, self._arrived = self._arrived, []
        arrived = [connection for connection in arrived if connection in self.connections]
        for connection in arrived:
            connection.post(status_message(self._event_id, self._status))
            if self._notice is not None:
                connection.post(notice_message(self._notice))
            self._standings.add(connection)
        event = self._event

        async def look() -> None:
            await self._standings.welcome(event, arrived)

        await self._try("places", look)

    async def _broadcast(self, message: Message) -> None:
        arrived = set(self._arrived)
        for turn, connection in enumerate(list(self.connections), start=1):
            if connection not in arrived:
                connection.post(message)
            if turn % TOLD_AT_ONCE_MAX == 0:
                await asyncio.sleep(0)

    def _ping_and_drop(self) -> None:
        now = self._now()
        for connection in self.connections:
            if connection.is_stalled(STALL_SECONDS):
                STALLED.inc()
                connection.end(TRY_LATER)
            elif now >= connection.next_ping_at:
                connection.next_ping_at = now + self._runtime.settings.live_ping_seconds
                connection.post(PING)

    def _now(self) -> float:
        return self._runtime.clock.monotonic()
