"""The metrics that alarms and dashboards look at: where each is, and of what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.aws.balancer.target_groups import target_names
from deploy.aws.services.collector import NAMESPACE
from deploy.aws.template import import_value, title
from deploy.environment import Environment
from tiketi.infra.keyspace import shards
from tiketi.services.registry import Service

# Of metrics that are made of log lines.
LOG_NAMESPACE = f"{NAMESPACE}/Logs"
PERIOD_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Measure:
    """One CloudWatch metric. ``stat`` is a statistic or a percentile; ``dimensions`` may refer."""

    namespace: str
    name: str
    stat: str
    dimensions: Mapping[str, Any] = field(default_factory=dict)


def of_task(environment: Environment, service: Service, name: str, stat: str) -> Measure:
    dimensions = {
        "ClusterName": import_value(environment, "ClusterName"),
        "ServiceName": import_value(environment, f"{title(service.name)}ServiceName"),
    }
    namespace = "AWS/ECS" if name.endswith("Utilization") else "ECS/ContainerInsights"
    return Measure(namespace, name, stat, dimensions)


def of_targets(
    environment: Environment, service: Service, name: str, stat: str
) -> tuple[Measure, ...]:
    """One a target group: after a shifted deployment it is the other that has the requests."""
    balancer = import_value(environment, "BalancerName")
    groups = [import_value(environment, f"{group}Name") for group in target_names(service)]
    return tuple(
        Measure("AWS/ApplicationELB", name, stat, {"LoadBalancer": balancer, "TargetGroup": group})
        for group in groups
    )


def of_balancer(environment: Environment, name: str, stat: str) -> Measure:
    dimensions = {"LoadBalancer": import_value(environment, "BalancerName")}
    return Measure("AWS/ApplicationELB", name, stat, dimensions)


def of_database(environment: Environment, role: str, name: str, stat: str) -> Measure:
    """``role``: WRITER or READER, whichever instance that is by now."""
    dimensions = {"DBClusterIdentifier": import_value(environment, "DatabaseId"), "Role": role}
    return Measure("AWS/RDS", name, stat, dimensions)


def of_shard(environment: Environment, node: str, name: str, stat: str) -> Measure:
    return Measure(
        "AWS/ElastiCache", name, stat, {"CacheClusterId": f"{environment.prefix}-{node}"}
    )


def shard_nodes() -> tuple[str, ...]:
    """The nodes that are primaries at first; after a fail-over the replica is, ``…-002``."""
    return tuple(f"{shard.number:04}-{copy:03}" for shard in shards() for copy in (1, 2))


def of_ours(service: Service, name: str, stat: str) -> Measure:
    """What the collector beside the service read from it."""
    return Measure(NAMESPACE, name, stat, {"service": service.name})


def of_errors(service: Service) -> Measure:
    return Measure(LOG_NAMESPACE, f"errors-{service.name}", "Sum")
