"""Which request goes to which service: the one table that every balancer and gateway reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from tiketi.infra.http.router import SUPPORTED_VERSIONS
from tiketi.services.registry import SERVICES, Service

# Rules are numbered with gaps, so that one may be put between two by hand in an emergency.
PRIORITY_STEP = 10
HEALTH_INTERVAL_SECONDS = 30
HEALTH_TIMEOUT_SECONDS = 5
HEALTHY_THRESHOLD = 2
UNHEALTHY_THRESHOLD = 3
STICKY_SECONDS = 3_600
# Longer than the live connections' pings are apart, shorter than our servers keep alive.
IDLE_TIMEOUT_SECONDS = 60
# Answers that a service keeps at well-known places, outside of its prefix.
_WELL_KNOWN = {"auth": ("/.well-known/jwks.json",)}


@dataclass(frozen=True, slots=True)
class Rule:
    """``paths`` match as they stand, and everything below the ones that end in ``/*``.

    A ``sticky`` service's clients come back to the task that they were at, while it lives.
    """

    priority: int
    service: Service
    host: str  # "api" or "admin": a name of the environment's domain
    paths: tuple[str, ...]
    sticky: bool


def rules(services: Sequence[Service] = SERVICES) -> tuple[Rule, ...]:
    """In the order of priority; no two match the same request."""
    return tuple(
        Rule(
            priority=place * PRIORITY_STEP,
            service=service,
            host="admin" if service.name == "admin" else "api",
            paths=(*_versioned(service), *_WELL_KNOWN.get(service.name, ())),
            sticky=service.name == "queue",
        )
        for place, service in enumerate(services, start=1)
    )


def _versioned(service: Service) -> tuple[str, ...]:
    roots = [
        f"/api/{version}/{prefix}" for version in SUPPORTED_VERSIONS for prefix in service.prefixes
    ]
    return tuple(path for root in roots for path in (root, f"{root}/*"))
