"""A pool of connections to each of the system's services, with a bound on each.

A bound a service: whoever waits for a slow one does not keep others from the rest.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from tiketi.cli.simulate.wire import Answer, BrokenExchange, Connection, Origin, connect, render
from tiketi.kernel.clock import Clock, SystemClock
from tiketi.services.registry import SERVICES

API = "/api/v1"
_SERVICE_OF_PREFIX = {prefix: service.name for service in SERVICES for prefix in service.prefixes}
_SERVICES = tuple(service.name for service in SERVICES)


@dataclass(frozen=True, slots=True)
class Request:
    """One call: ``path`` is what follows ``/api/v1``, ``json`` its body or None."""

    method: str
    path: str
    headers: Mapping[str, str]
    json: object | None = None

    @property
    def service(self) -> str:
        """The service whose prefix the path begins with. Raises KeyError for none."""
        return _SERVICE_OF_PREFIX[self.path.split("/", 2)[1].partition("?")[0]]


@dataclass(frozen=True, slots=True)
class Timed:
    """An answer; when its exchange began (monotonic seconds) and how long it took.

    ``queued_ms`` is what the request waited for one of the simulator's own connections: that is
    no time of the server's, so it is told apart.
    """

    answer: Answer
    begun: float
    took_ms: float
    queued_ms: float


class Client:
    """Sends requests; ``connections_max`` bounds the connections to each service."""

    def __init__(
        self,
        origins: Mapping[str, str],
        *,
        connections_max: int,
        timeout_seconds: float,
        clock: Clock | None = None,
    ) -> None:
        """``origins``: the URL of each service by name, or of all of them under ``edge``."""
        self._urls = dict(origins)
        self._origins = {name: Origin.of(url) for name, url in origins.items()}
        self._free: dict[Origin, list[Connection]] = defaultdict(list)
        self._open: set[Connection] = set()
        self._slots = {name: asyncio.Semaphore(connections_max) for name in _SERVICES}
        self._timeout_seconds = timeout_seconds
        self._clock = clock or SystemClock()

    def origin(self, service: str) -> Origin:
        return self._origins.get(service) or self._origins["edge"]

    async def send(self, request: Request) -> Timed:
        """One attempt. Raises BrokenExchange when no whole answer comes in time."""
        service = request.service
        origin = self.origin(service)
        body = None if request.json is None else orjson.dumps(request.json)
        wire = render(origin, request.method, API + request.path, dict(request.headers), body)
        asked = self._clock.monotonic()
        async with self._slots[service]:
            begun = self._clock.monotonic()
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    answer = await self._exchange(origin, wire)
            except TimeoutError as late:
                raise BrokenExchange(f"no answer in {self._timeout_seconds} s") from late
            done = self._clock.monotonic()
        return Timed(answer, begun, (done - begun) * 1000, (begun - asked) * 1000)

    async def _exchange(self, origin: Origin, wire: bytes) -> Answer:
        free = self._free[origin]
        while free:
            connection = free.pop()
            if connection.usable:
                break
        else:
            connection = await connect(origin, self._open)
        answer = await connection.exchange(wire)
        if connection.usable:
            free.append(connection)
        return answer

    def beside(self, connections_max: int) -> "Client":
        """Another client of the same services, with connections of its own."""
        return Client(
            self._urls,
            connections_max=connections_max,
            timeout_seconds=self._timeout_seconds,
            clock=self._clock,
        )

    def close(self) -> None:
        for connection in tuple(self._open):
            connection.close()
        self._free.clear()
