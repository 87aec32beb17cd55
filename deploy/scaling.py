"""How many tasks a service has, and what makes them more: the same on ECS and on Kubernetes."""

import math

from deploy.environment import Environment
from tiketi.services.registry import Service

# Who meets the crowd itself needs room for the minute that a new task takes to come.
CPU_PERCENT_SURGE = 70
CPU_PERCENT = 80
_MEET_THE_CROWD = frozenset({"event", "queue", "reservation"})
SCALE_OUT_SECONDS = 60
SCALE_IN_SECONDS = 300
# A million who wait are 50 tasks: a task's memory has room for seven times as many sockets, its
# cores for twice as many messages (docs/plan.md), and arrivals come on top.
WAITING_PER_TASK = 20_000
WAITING_METRIC = "tiketi_queue_waiting"


def cpu_target_percent(service: Service) -> int:
    """The mean use of a task's cores that scaling keeps to."""
    return CPU_PERCENT_SURGE if service.name in _MEET_THE_CROWD else CPU_PERCENT


def scales_by_waiting(service: Service) -> bool:
    return service.name == "queue"


def task_bounds(service: Service, environment: Environment) -> tuple[int, int]:
    """The fewest and the most tasks in this environment; never none."""
    share = environment.tasks_share
    return max(1, math.ceil(service.tasks_min * share)), max(
        1, math.ceil(service.tasks_max * share)
    )
