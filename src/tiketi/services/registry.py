"""The one list of the services: the command line, the tests and deploy/ all read it here."""

from dataclasses import dataclass
from typing import Literal

from tiketi.infra.pools import Pools

Module = Literal[
    "auth", "events", "queue", "live", "seats", "tickets", "reservations", "payments", "admin"
]


@dataclass(frozen=True, slots=True)
class Service:
    """One service as it is booted, sized and reached.

    ``modules`` are what it boots, answering under ``prefixes``; ``loops`` are the background work
    that its tasks share. ``vcpu`` counts cores, ``memory_gib`` GiB; a task runs a process a core.
    ``pools`` are a process's connections to PostgreSQL: docs/connections.md has their sum. Who
    ``signs_tokens`` has the private key; everybody else verifies with the public ones.
    """

    name: str
    port: int
    prefixes: tuple[str, ...]
    modules: tuple[Module, ...]
    loops: tuple[str, ...]
    role: str
    tasks_min: int
    tasks_max: int
    vcpu: int
    memory_gib: int
    pools: Pools
    signs_tokens: bool = False
    refuses_revoked_tokens: bool = False
    health_path: str = "/health"

    @property
    def processes_max(self) -> int:
        return self.tasks_max * self.vcpu


SERVICES: tuple[Service, ...] = (
    Service(
        name="auth",
        port=3010,
        prefixes=("auth",),
        modules=("auth",),
        loops=("mail", "password_resets", "session_clean_up"),
        role="auth_user",
        tasks_min=2,
        tasks_max=4,
        vcpu=1,
        memory_gib=2,
        pools=Pools(writer=4, reader=2),
        signs_tokens=True,
        refuses_revoked_tokens=True,
    ),
    Service(
        name="event",
        port=3011,
        prefixes=("events",),
        modules=("events", "seats"),
        loops=(),
        role="event_user",
        tasks_min=2,
        tasks_max=20,
        vcpu=2,
        memory_gib=4,
        pools=Pools(writer=2, reader=4),
    ),
    Service(
        name="queue",
        port=3012,
        prefixes=("queue",),
        modules=("queue", "live"),
        loops=("admitter", "audience"),
        role="queue_user",
        tasks_min=10,
        tasks_max=100,
        vcpu=4,
        memory_gib=8,
        pools=Pools(writer=2, reader=1),
        signs_tokens=True,
    ),
    Service(
        name="reservation",
        port=3013,
        prefixes=("reservations",),
        modules=("seats", "reservations", "tickets"),
        loops=("sweeper", "allotments", "waiting_lists", "pressure"),
        role="reservation_user",
        tasks_min=20,
        tasks_max=200,
        vcpu=8,
        memory_gib=16,
        pools=Pools(writer=2, reader=1),
    ),
    Service(
        name="payment",
        port=3014,
        prefixes=("payments",),
        modules=("payments",),
        loops=("reconciler", "refunds", "sandbox_webhooks", "pressure"),
        role="payment_user",
        tasks_min=2,
        tasks_max=10,
        vcpu=2,
        memory_gib=4,
        pools=Pools(writer=4, reader=2),
        refuses_revoked_tokens=True,
    ),
    Service(
        name="admin",
        port=3015,
        prefixes=("admin",),
        modules=("admin",),
        loops=(),
        role="admin_user",
        tasks_min=1,
        tasks_max=2,
        vcpu=1,
        memory_gib=2,
        pools=Pools(writer=4, reader=4),
        refuses_revoked_tokens=True,
    ),
)

# What `tiketi up` adds: every module behind one port. Its loops run in the six, but for what each
# process says of itself.
EDGE = Service(
    name="edge",
    port=8080,
    prefixes=tuple(prefix for service in SERVICES for prefix in service.prefixes),
    modules=(
        *("auth", "events", "seats", "queue", "live"),
        *("reservations", "tickets", "payments", "admin"),
    ),
    loops=("pressure",),
    role="edge_user",
    tasks_min=1,
    tasks_max=1,
    vcpu=1,
    memory_gib=2,
    pools=Pools(writer=8, reader=8),
    signs_tokens=True,
    refuses_revoked_tokens=True,
)


def get_service(name: str) -> Service:
    """The service of that name; KeyError names the known ones."""
    for service in (*SERVICES, EDGE):
        if service.name == name:
            return service
    known = ", ".join(service.name for service in (*SERVICES, EDGE))
    raise KeyError(f"no service {name!r}; there are {known}")
