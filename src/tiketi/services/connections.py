"""How many connections to PostgreSQL all services together may hold, when each is at its most."""

from collections.abc import Sequence
from dataclasses import dataclass

from tiketi.services.registry import Service
from tiketi.settings import Settings

# What Aurora PostgreSQL allows by itself on its larger instances: LEAST(memory / 9531392, 5000).
MAX_CONNECTIONS_PLANNED = 5_000
# For the superuser, replication, monitoring, migrations, and whoever looks after it by hand.
RESERVED_CONNECTIONS = 100


@dataclass(frozen=True, slots=True)
class ServiceConnections:
    """``writer`` and ``reader``: of all its processes together."""

    name: str
    processes: int
    writer: int
    reader: int


@dataclass(frozen=True, slots=True)
class FleetConnections:
    """The sum of each endpoint. One server that is both bears ``together``."""

    services: tuple[ServiceConnections, ...]

    @property
    def writer(self) -> int:
        return sum(service.writer for service in self.services)

    @property
    def reader(self) -> int:
        return sum(service.reader for service in self.services)

    @property
    def together(self) -> int:
        return self.writer + self.reader

    def most_on_a_server(self, settings: Settings) -> int:
        """What the fuller of the two servers bears, or the one where there is no reader."""
        if settings.database_reader_url in (None, settings.database_url):
            return self.together
        return max(self.writer, self.reader)


def count_connections(services: Sequence[Service], settings: Settings) -> FleetConnections:
    """With every service at its most tasks, a process a core; the settings' pools win."""
    return FleetConnections(tuple(_count(service, settings) for service in services))


def needs_proxy(needed: int, max_connections: int) -> bool:
    """Whether a server that takes ``max_connections`` cannot bear them, its reserve kept."""
    return needed > max_connections - RESERVED_CONNECTIONS


def _count(service: Service, settings: Settings) -> ServiceConnections:
    pools, processes = service.pools.overridden_by(settings), service.processes_max
    return ServiceConnections(
        service.name, processes, processes * pools.writer, processes * pools.reader
    )
