"""From loads to tasks, within what the registry allows; what does not fit is said."""

import math
from collections.abc import Sequence

from tiketi.planning import figures as f
from tiketi.planning.domain import Load, Sale, ServicePlan, SizedService
from tiketi.planning.loads import (
    NO_LOAD,
    arrivals_per_second,
    loads_of,
    reservations_per_second,
)

_KIB_A_GIB = 1 << 20


def plan_services(
    sale: Sale, people: int, services: Sequence[SizedService], *, server: str
) -> tuple[ServicePlan, ...]:
    """The tasks of every service, in the order given. A service without a load has its minimum."""
    loads = loads_of(sale, people, server)
    return tuple(_plan_service(service, loads.get(service.name, NO_LOAD)) for service in services)


def cores_of_task(service: SizedService) -> float:
    """Cores' worth of work that a task takes on: it runs a process a core, none of them full."""
    scaling = f.CORES_SCALING if service.vcpu > 1 else 1.0
    return service.vcpu * scaling * f.UTILISATION_MAX


def sockets_of_task(service: SizedService) -> int:
    """Connections that a task's memory has room for."""
    return int(service.memory_gib * _KIB_A_GIB * f.SOCKET_MEMORY_SHARE / f.SOCKET_KIB)


def _plan_service(service: SizedService, load: Load) -> ServicePlan:
    wanted = max(
        service.tasks_min,
        math.ceil(load.cores / cores_of_task(service)),
        math.ceil(load.sockets / sockets_of_task(service)),
    )
    return ServicePlan(
        service=service.name,
        tasks=min(wanted, service.tasks_max),
        tasks_wanted=wanted,
        tasks_min=service.tasks_min,
        tasks_max=service.tasks_max,
        load=load,
    )


def warnings_of(sale: Sale, people: int, plans: Sequence[ServicePlan]) -> tuple[str, ...]:
    """What these tasks will not bear, and what an operator can do about it."""
    said = [
        f"{plan.service} would need {plan.tasks_wanted} tasks, at most {plan.tasks_max}:"
        f" {_remedy(plan.service, sale)}"
        for plan in plans
        if plan.overflows
    ]
    arrivals = arrivals_per_second(sale, people)
    joins = arrivals * f.TABS_A_PERSON if sale.queue_enabled else 0.0
    if joins > f.SHARD_JOINS_PER_SECOND * f.UTILISATION_MAX:
        said.append(
            f"{joins:,.0f} joins a second are more than one Redis shard should take"
            f" ({f.SHARD_JOINS_PER_SECOND * f.UTILISATION_MAX:,.0f}): {_remedy('queue', sale)}"
        )
    reservations = reservations_per_second(sale, arrivals)
    if reservations > f.WRITER_RESERVATIONS_PER_SECOND * f.UTILISATION_MAX:
        most = f.WRITER_RESERVATIONS_PER_SECOND * f.UTILISATION_MAX
        said.append(
            f"{reservations:,.0f} reservations a second are more than one PostgreSQL writer should"
            f" take ({most:,.0f}): {_remedy('reservation', sale)}"
        )
    return tuple(said)


def _remedy(service: str, sale: Sale) -> str:
    room = "let people come earlier" if sale.is_draw else "open the room earlier or by draw"
    gate = "lower the queue's capacity and rate" if sale.queue_enabled else "turn its queue on"
    remedies = {
        "auth": f"ask people to sign in the day before, and {room}",
        "event": "let the CDN answer more of the reads, or raise its maximum",
        "queue": room,
        "reservation": gate,
        "payment": gate,
    }
    return remedies.get(service, "raise its maximum")
