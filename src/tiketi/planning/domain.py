"""What a capacity plan is made from, and what it says. Standard library only, as all of the
arithmetic is: deploy/ may import it without the system's dependencies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

AUDIENCE_MAX = 10_000_000


class SizedService(Protocol):
    """What a plan needs of a service: ``tiketi.services.registry.Service`` has it."""

    @property
    def name(self) -> str: ...
    @property
    def tasks_min(self) -> int: ...
    @property
    def tasks_max(self) -> int: ...
    @property
    def vcpu(self) -> int: ...
    @property
    def memory_gib(self) -> int: ...


class Source(StrEnum):
    """Where an audience's figures come from."""

    ASKED = "asked"
    ORGANIZER = "organizer"
    ARTIST = "artist"
    CAPACITY = "capacity"


@dataclass(frozen=True, slots=True)
class Audience:
    """How many people come for an event: the range, and why, in words."""

    low: int
    expected: int
    high: int
    source: Source
    reason: str


@dataclass(frozen=True, slots=True)
class PastAudience:
    """One past event: ``people`` were counted in its line, or, without one, as its buyers.

    The buyers are a lower bound: who found nothing to buy is not among them.
    """

    people: int
    places: int
    is_lower_bound: bool


@dataclass(frozen=True, slots=True)
class Sale:
    """An event's sale as its plan sees it. ``rate_per_minute`` and ``capacity`` are the queue's;
    they bind nobody where it is off. ``places`` counts seats and general places.
    """

    event_id: UUID
    title: str
    opens_at: datetime
    closes_at: datetime
    places: int
    queue_enabled: bool
    capacity: int
    rate_per_minute: int
    is_draw: bool


@dataclass(frozen=True, slots=True)
class Load:
    """What one service has to do in the busiest second of an opening.

    ``calls_per_second`` by name. ``cores`` is the work of it, in cores wholly busy.
    ``sockets`` are open connections.
    """

    calls_per_second: Mapping[str, float]
    cores: float
    sockets: int = 0


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """``tasks`` is what to run: ``tasks_wanted`` within the service's bounds."""

    service: str
    tasks: int
    tasks_wanted: int
    tasks_min: int
    tasks_max: int
    load: Load

    @property
    def overflows(self) -> bool:
        return self.tasks_wanted > self.tasks_max


@dataclass(frozen=True, slots=True)
class ScalingAction:
    """From ``at`` on, scaling keeps the service between ``tasks_min`` and ``tasks_max``."""

    at: datetime
    service: str
    tasks_min: int
    tasks_max: int
    reason: str


@dataclass(frozen=True, slots=True)
class CapacityPlan:
    """``planned_for``: the people that the tasks are for. ``warnings`` are for whoever decides."""

    sale: Sale
    made_at: datetime
    server: str
    audience: Audience
    planned_for: int
    services: tuple[ServicePlan, ...]
    actions: tuple[ScalingAction, ...]
    warnings: tuple[str, ...]
