"""How a new version of each service comes: ECS's own strategies, without CodeDeploy.

ECS has shifted deployments itself since 2025. They need no appspec and no second controller, take
alarms, roll back by themselves, and stand in the service's own definition.
"""

from math import floor
from typing import Literal

from deploy.environment import Environment
from deploy.scaling import task_bounds
from tiketi.services.registry import Service

Strategy = Literal["ROLLING", "CANARY", "BLUE_GREEN"]
CANARY_PERCENT = 10.0
CANARY_BAKE_MINUTES = 10
# The old version's tasks stay so long after the shift: going back takes a second, not minutes.
BAKE_MINUTES = 10
WHOLE_PERCENT = 100
DOUBLE_PERCENT = 200
# Queue and reservation are the fleet's bulk: a second fleet beside them would need more
# connections than the writer has (checked: deploy/check/connections.py).
_SURGE_PERCENT = {"queue": 125, "reservation": 110}
_STRATEGIES: dict[str, Strategy] = {
    # Reads and log-ins: a tenth of the crowd tells whether the new version is good.
    "auth": "CANARY",
    "event": "CANARY",
    # Money: all at once, and all back at once; one payment never meets two versions' rules.
    "payment": "BLUE_GREEN",
}


def strategy_of(service: Service) -> Strategy:
    return _STRATEGIES.get(service.name, "ROLLING")


def is_shifted(service: Service) -> bool:
    """Whether two versions stand side by side, each with a target group."""
    return strategy_of(service) != "ROLLING"


def maximum_percent(service: Service, environment: Environment) -> int:
    """Of the tasks wanted, while a deployment runs. So few that no task more fits are doubled."""
    if is_shifted(service):
        return DOUBLE_PERCENT
    percent = _SURGE_PERCENT.get(service.name, DOUBLE_PERCENT)
    fewest, _ = task_bounds(service, environment)
    fits = floor(fewest * percent / WHOLE_PERCENT) > fewest
    return percent if fits else DOUBLE_PERCENT


def tasks_while_deploying(service: Service, environment: Environment) -> int:
    """The most tasks there ever are."""
    _, most = task_bounds(service, environment)
    return floor(most * maximum_percent(service, environment) / WHOLE_PERCENT)
