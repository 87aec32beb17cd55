"""How our own metrics get to CloudWatch: an OpenTelemetry collector beside each service.

It reads /metrics of its own task and writes the chosen few as embedded-metric-format logs, of
which CloudWatch makes metrics. The other ways were: PutMetricData, a call and a price for each
datum; CloudWatch's agent, which needs discovery and a task of its own whose loss ends scaling.
"""

from collections.abc import Sequence

import yaml
from troposphere import Ref
from troposphere.ecs import (
    ContainerDefinition,
    ContainerDependency,
    Environment,
    LogConfiguration,
    RestartPolicy,
)

from deploy.scaling import WAITING_METRIC
from tiketi.services.registry import Service

NAMESPACE = "Tiketi"
SCRAPE_SECONDS = 15
MEMORY_MIB = 256
CPU_UNITS = 64
# Of every service; each is a sum or a gauge without labels of its own worth a dimension.
_EVERYWHERE = ("tiketi_loop_failures_total",)
# Of one that has the module.
_OF_MODULE = {
    "queue": (
        WAITING_METRIC,
        "tiketi_queue_admitted",
        "tiketi_queue_capacity",
        "tiketi_queue_effective_rate_per_minute",
        "tiketi_queue_speed",
        "tiketi_queue_joins_total",
        "tiketi_queue_admissions_total",
    ),
    "live": ("tiketi_live_connections", "tiketi_live_stalled_total"),
}


def metrics_of(service: Service) -> tuple[str, ...]:
    own = (name for module in service.modules for name in _OF_MODULE.get(module, ()))
    return (*_EVERYWHERE, *own)


def collector_config(service: Service, log_group: str) -> str:
    """The collector's YAML. One dimension, the service: a task's own would be a metric each."""
    names = list(metrics_of(service))
    job = {
        "job_name": service.name,
        "scrape_interval": f"{SCRAPE_SECONDS}s",
        "static_configs": [
            {"targets": [f"127.0.0.1:{service.port}"], "labels": {"service": service.name}}
        ],
        "metric_relabel_configs": [
            {"source_labels": ["__name__"], "regex": "|".join(names), "action": "keep"}
        ],
    }
    exporter = {
        "namespace": NAMESPACE,
        "log_group_name": log_group,
        "dimension_rollup_option": "NoDimensionRollup",
        "metric_declarations": [
            {
                "dimensions": [["service"]],
                "metric_name_selectors": [f"^{name}$" for name in names],
            }
        ],
    }
    config = {
        "receivers": {"prometheus": {"config": {"scrape_configs": [job]}}},
        "processors": {"batch": {}},
        "exporters": {"awsemf": exporter},
        "service": {
            "pipelines": {
                "metrics": {
                    "receivers": ["prometheus"],
                    "processors": ["batch"],
                    "exporters": ["awsemf"],
                }
            }
        },
    }
    return yaml.safe_dump(config, sort_keys=True)


def make_collector(
    service: Service, log_group: str, log: LogConfiguration, needs: Sequence[str]
) -> ContainerDefinition:
    """Not essential: a service lives on without it, and it is started again without the task."""
    return ContainerDefinition(
        Name="collector",
        Image=Ref("CollectorImage"),
        Essential=False,
        Cpu=CPU_UNITS,
        Memory=MEMORY_MIB,
        ReadonlyRootFilesystem=True,
        Environment=[
            Environment(Name="AOT_CONFIG_CONTENT", Value=collector_config(service, log_group))
        ],
        DependsOn=[ContainerDependency(ContainerName=name, Condition="START") for name in needs],
        LogConfiguration=log,
        RestartPolicy=RestartPolicy(Enabled=True),
    )
