"""The same tasks bought in other ways, and from where on one is cheaper than another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.cost.bill import HOURS_A_MONTH, task_counts, task_hour
from deploy.cost.nodes import cheapest_nodes
from deploy.cost.prices import Prices
from deploy.environment import Environment
from tiketi.services.registry import Service


@dataclass(frozen=True, slots=True)
class Option:
    """``floor``: a month of the fewest tasks. ``surge_hour``: an hour of all that may be added."""

    name: str
    floor: float
    surge_hour: float

    def month(self, surge_hours: float) -> float:
        return self.floor + self.surge_hour * surge_hours


@dataclass(frozen=True, slots=True)
class BreakEven:
    """In words: what against what, and where they cost the same."""

    question: str
    answer: str


def options(services: Sequence[Service], environment: Environment, prices: Prices) -> list[Option]:
    """Commitments are made for the floor alone; what is added for hours is bought by the hour."""
    least, most = task_counts(services, environment)
    fargate = _fargate_hour(services, least, prices)
    fargate_surge = _fargate_hour(services, most, prices) - fargate
    nodes = cheapest_nodes(least, services, prices, HOURS_A_MONTH)
    nodes_surge = cheapest_nodes(most, services, prices, HOURS_A_MONTH).usd_hour - nodes.usd_hour
    control = prices["eks.control_plane"] * HOURS_A_MONTH
    month = fargate * HOURS_A_MONTH
    node_month = nodes.usd_hour * HOURS_A_MONTH

    def after(discount: str) -> float:
        return 1 - prices[discount]

    return [
        Option("ECS, on demand", month, fargate_surge),
        Option("ECS, surge on Spot", month, fargate_surge * after("fargate.spot_discount")),
        Option(
            "ECS, floor by a 1-year plan", month * after("fargate.plan_1y_discount"), fargate_surge
        ),
        Option(
            "ECS, floor by a 3-year plan", month * after("fargate.plan_3y_discount"), fargate_surge
        ),
        Option("EKS, on demand", control + node_month, nodes_surge),
        Option(
            "EKS, surge on Spot",
            control + node_month,
            nodes_surge * after("node.spot_discount"),
        ),
        Option(
            "EKS, floor by a 1-year plan",
            control + node_month * after("node.plan_1y_discount"),
            nodes_surge,
        ),
        Option(
            "EKS, floor by a 3-year plan",
            control + node_month * after("node.plan_3y_discount"),
            nodes_surge,
        ),
    ]


def break_evens(
    services: Sequence[Service], environment: Environment, prices: Prices
) -> list[BreakEven]:
    found = {option.name: option for option in options(services, environment, prices)}
    ecs = found["ECS, on demand"]
    eks = found["EKS, on demand"]
    kept = 1 - prices["fargate.plan_1y_discount"]
    reserved = 1 - prices["db.reserved_1y_discount"]
    return [
        BreakEven(
            "a task by a 1-year plan or by the hour",
            f"the plan from {kept * HOURS_A_MONTH:.0f} of {HOURS_A_MONTH} hours a month on",
        ),
        BreakEven(
            "a database or cache node reserved for a year or by the hour",
            f"reserved from {reserved * HOURS_A_MONTH:.0f} of {HOURS_A_MONTH} hours a month on",
        ),
        BreakEven("ECS or EKS, both on demand", _surge_words(ecs, eks)),
        BreakEven(
            "ECS or EKS, both floors by a 1-year plan",
            _surge_words(
                found["ECS, floor by a 1-year plan"],
                found["EKS, floor by a 1-year plan"],
            ),
        ),
        BreakEven("the control plane of EKS", _control_plane_words(services, environment, prices)),
    ]


def crossing_hours(first: Option, second: Option) -> float | None:
    """Hours of surge a month at which both cost the same; None if one is never the dearer."""
    difference = second.floor - first.floor
    rate = first.surge_hour - second.surge_hour
    if rate == 0 or difference / rate < 0:
        return None
    return difference / rate


def _surge_words(ecs: Option, eks: Option) -> str:
    hours = crossing_hours(ecs, eks)
    if hours is None or hours > HOURS_A_MONTH:
        cheaper = min((ecs, eks), key=lambda option: option.month(0))
        return f"{cheaper.name} for any hours of surge"
    before, after = sorted((ecs, eks), key=lambda option: option.month(0))
    return f"{before.name}; from {hours:.0f} hours of full surge a month on {after.name}"


def _control_plane_words(
    services: Sequence[Service], environment: Environment, prices: Prices
) -> str:
    """What EKS saves on each vCPU, on demand, has to pay for its control plane first."""
    least, _ = task_counts(services, environment)
    cores = sum(service.vcpu * least[service.name] for service in services)
    fargate = _fargate_hour(services, least, prices) / cores
    nodes = cheapest_nodes(least, services, prices, HOURS_A_MONTH)
    node = nodes.usd_hour / cores
    words = (
        f"a vCPU-hour of these tasks is ${fargate:.4f} on Fargate, ${node:.4f} on"
        f" {nodes.count} x {nodes.kind}"
    )
    if node >= fargate:
        return f"{words}: on demand nothing pays for it"
    needed = prices["eks.control_plane"] / (fargate - node)
    return f"{words}: it is paid for from {needed:.0f} vCPU on; the floor is {cores}"


def _fargate_hour(services: Sequence[Service], tasks: Mapping[str, int], prices: Prices) -> float:
    return sum(tasks[service.name] * task_hour(service, prices) for service in services)
