"""What somebody is woken for: each alarm a line, with the figure and why it is that one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from troposphere import Template
from troposphere.cloudwatch import Alarm, MetricDimension

from deploy.aws.balancer.target_groups import target_names
from deploy.aws.observability.measures import (
    PERIOD_SECONDS,
    Measure,
    of_balancer,
    of_database,
    of_errors,
    of_ours,
    of_shard,
    of_targets,
    of_task,
    shard_nodes,
)
from deploy.aws.stores.instances import max_connections
from deploy.aws.template import tags_of, title
from deploy.environment import Environment
from deploy.scaling import task_bounds
from tiketi.services.registry import Service

_PERCENTILE = "p"


@dataclass(frozen=True, slots=True)
class Watch:
    """An alarm: the measure past the figure for so many minutes on end."""

    name: str
    about: str
    measure: Measure
    side: Literal["above", "below"]
    figure: float
    minutes: int = 3
    missing: Literal["notBreaching", "breaching"] = "notBreaching"


def service_watches(environment: Environment, services: Sequence[Service]) -> Iterator[Watch]:
    yield Watch(
        "BalancerErrors",
        "the balancer itself answers 5xx: no task could",
        of_balancer(environment, "HTTPCode_ELB_5XX_Count", "Sum"),
        "above",
        50,
    )
    for service in services:
        yield from _of_service(environment, service)


def store_watches(environment: Environment) -> Iterator[Watch]:
    yield from _of_database(environment)
    for node in shard_nodes():
        yield from _of_shard(environment, node)


def _of_service(environment: Environment, service: Service) -> Iterator[Watch]:
    name = title(service.name)
    fewest, most = task_bounds(service, environment)
    yield from _of_targets(environment, service)
    running = of_task(environment, service, "RunningTaskCount", "Minimum")
    about = "fewer tasks than its fewest"
    yield Watch(f"{name}Missing", about, running, "below", fewest, 5, "breaching")
    full = of_task(environment, service, "RunningTaskCount", "Maximum")
    about = "as many tasks as it may have: scaling can do no more"
    yield Watch(f"{name}Full", about, full, "above", most - 1, 5)
    memory = of_task(environment, service, "MemoryUtilization", "Maximum")
    yield Watch(f"{name}Memory", "a task is near its end", memory, "above", 85, 5)
    yield Watch(f"{name}LogsErrors", "lines of level error", of_errors(service), "above", 20)
    if "queue" in service.modules:
        # At rest it is 1; pressure or an emptied stock slow it, docs/waiting-room.md.
        speed = of_ours(service, "tiketi_queue_speed", "Minimum")
        yield Watch(f"{name}HeldBack", "admission slowed by half", speed, "below", 0.5, 5)


def _of_targets(environment: Environment, service: Service) -> Iterator[Watch]:
    """Of each target group: a shifted deployment leaves the requests at the other one."""
    for name, answers, slow, sick in zip(
        target_names(service),
        of_targets(environment, service, "HTTPCode_Target_5XX_Count", "Sum"),
        of_targets(environment, service, "TargetResponseTime", "p99"),
        of_targets(environment, service, "UnHealthyHostCount", "Maximum"),
        strict=True,
    ):
        yield Watch(f"{name}Errors", f"{service.name} answers 5xx", answers, "above", 20)
        # The claim waits two seconds at most, a request thirty.
        yield Watch(f"{name}Slow", "its slowest hundredth, in seconds", slow, "above", 2.0, 5)
        yield Watch(f"{name}Sick", "tasks out of rotation", sick, "above", 0, 5)


def _of_database(environment: Environment) -> Iterator[Watch]:
    connections_max = max_connections(environment.database_instance_class)
    for role in ("WRITER", "READER"):
        name = f"Database{role.capitalize()}"
        cpu = of_database(environment, role, "CPUUtilization", "Average")
        yield Watch(f"{name}Cpu", "above what readers are added at", cpu, "above", 85, 5)
        connections = of_database(environment, role, "DatabaseConnections", "Maximum")
        most = round(connections_max * 0.9)
        yield Watch(f"{name}Connections", "nine tenths of all", connections, "above", most)
    lag = of_database(environment, "READER", "AuroraReplicaLag", "Maximum")
    # Reads may lag by a second (docs/reads.md).
    yield Watch("DatabaseLag", "milliseconds that a reader is behind", lag, "above", 1_000)


def _of_shard(environment: Environment, node: str) -> Iterator[Watch]:
    name = f"Redis{node.replace('-', 'N')}"
    cpu = of_shard(environment, node, "EngineCPUUtilization", "Average")
    yield Watch(f"{name}Cpu", "one core serves a shard", cpu, "above", 80)
    memory = of_shard(environment, node, "DatabaseMemoryUsagePercentage", "Maximum")
    yield Watch(f"{name}Memory", "nothing is evicted: then writes fail", memory, "above", 75)


def add_alarms(
    template: Template, environment: Environment, watches: Iterable[Watch], topic: Any
) -> list[Alarm]:
    """``topic`` refers to the one that is told."""
    return [template.add_resource(_alarm(environment, watch, topic)) for watch in watches]


def _alarm(environment: Environment, watch: Watch, topic: Any) -> Alarm:
    measure = watch.measure
    stat = "ExtendedStatistic" if measure.stat.startswith(_PERCENTILE) else "Statistic"
    side = "GreaterThanThreshold" if watch.side == "above" else "LessThanThreshold"
    return Alarm(
        f"{watch.name}Alarm",
        AlarmDescription=f"{environment.prefix}: {watch.about}",
        Namespace=measure.namespace,
        MetricName=measure.name,
        Dimensions=[
            MetricDimension(Name=name, Value=value) for name, value in measure.dimensions.items()
        ],
        Period=PERIOD_SECONDS,
        EvaluationPeriods=watch.minutes,
        ComparisonOperator=side,
        Threshold=watch.figure,
        TreatMissingData=watch.missing,
        AlarmActions=[topic],
        OKActions=[topic],
        Tags=tags_of(environment, watch.name.lower()),
        **{stat: measure.stat},
    )
