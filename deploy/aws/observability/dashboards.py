"""Two dashboards: the sale as buyers meet it, and what bears it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import ImportValue, Ref, Sub, Template
from troposphere.cloudwatch import Dashboard

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
from deploy.environment import Environment
from deploy.scaling import WAITING_METRIC
from tiketi.services.registry import Service

_WIDTH, _HEIGHT, _COLUMNS = 12, 6, 2
Widgets = Mapping[str, Sequence[Measure]]


def add_dashboards(
    template: Template, environment: Environment, services: Sequence[Service]
) -> None:
    for name, widgets in {
        "Sale": _sale(environment, services),
        "Machines": _machines(environment, services),
    }.items():
        text, values = _render(widgets)
        template.add_resource(
            Dashboard(
                f"{name}Dashboard",
                DashboardName=f"{environment.prefix}-{name.lower()}",
                DashboardBody=Sub(text, **values),
            )
        )


def _sale(environment: Environment, services: Sequence[Service]) -> Widgets:
    lines = [service for service in services if "queue" in service.modules]
    flow = ("tiketi_queue_joins_total", "tiketi_queue_admissions_total")
    room = (WAITING_METRIC, "tiketi_queue_admitted", "tiketi_queue_capacity")

    def answered(metric: str, stat: str) -> list[Measure]:
        return [
            measure
            for service in services
            for measure in of_targets(environment, service, metric, stat)
        ]

    return {
        "People in the waiting room": [of_ours(s, m, "Maximum") for s in lines for m in room],
        "Joined and admitted": [of_ours(s, metric, "Sum") for s in lines for metric in flow],
        "Live connections": [
            of_ours(service, "tiketi_live_connections", "Sum")
            for service in services
            if "live" in service.modules
        ],
        "Requests": answered("RequestCount", "Sum"),
        "Slowest hundredth, seconds": answered("TargetResponseTime", "p99"),
        "5xx": [
            of_balancer(environment, "HTTPCode_ELB_5XX_Count", "Sum"),
            *answered("HTTPCode_Target_5XX_Count", "Sum"),
        ],
    }


def _machines(environment: Environment, services: Sequence[Service]) -> Widgets:
    roles = ("WRITER", "READER")
    return {
        "Tasks": [of_task(environment, s, "RunningTaskCount", "Maximum") for s in services],
        "Processor": [of_task(environment, s, "CPUUtilization", "Average") for s in services],
        "Memory": [of_task(environment, s, "MemoryUtilization", "Maximum") for s in services],
        "Lines of level error": [of_errors(service) for service in services],
        "Database, processor": [
            of_database(environment, role, "CPUUtilization", "Average") for role in roles
        ],
        "Database, connections": [
            of_database(environment, role, "DatabaseConnections", "Maximum") for role in roles
        ],
        "Redis, processor": [
            of_shard(environment, node, "EngineCPUUtilization", "Average") for node in shard_nodes()
        ],
        "Redis, memory": [
            of_shard(environment, node, "DatabaseMemoryUsagePercentage", "Maximum")
            for node in shard_nodes()
        ],
    }


def _render(widgets: Widgets) -> tuple[str, dict[str, Any]]:
    """A text for Sub, and what its names stand for: JSON holds no imports."""
    values: dict[str, Any] = {"Region": Ref("AWS::Region")}
    found = [
        _widget(place, name, [_metric(measure, values) for measure in measures])
        for place, (name, measures) in enumerate(widgets.items())
    ]
    return json.dumps({"widgets": found}, sort_keys=True), dict(sorted(values.items()))


def _widget(place: int, name: str, metrics: list[list[Any]]) -> dict[str, Any]:
    return {
        "type": "metric",
        "x": place % _COLUMNS * _WIDTH,
        "y": place // _COLUMNS * _HEIGHT,
        "width": _WIDTH,
        "height": _HEIGHT,
        "properties": {
            "title": name,
            "metrics": metrics,
            "period": PERIOD_SECONDS,
            "region": "${Region}",
            "view": "timeSeries",
        },
    }


def _metric(measure: Measure, values: dict[str, Any]) -> list[Any]:
    parts: list[Any] = [measure.namespace, measure.name]
    for name, value in measure.dimensions.items():
        parts += [name, _named(value, values)]
    return [*parts, {"stat": measure.stat}]


def _named(value: Any, values: dict[str, Any]) -> str:
    if not isinstance(value, ImportValue):
        return str(value)
    name = "".join(part.capitalize() for part in value.data["Fn::ImportValue"].split("-"))
    values[name] = value
    return f"${{{name}}}"
