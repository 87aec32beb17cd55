"""What runs: a Deployment a service, how many pods it has, how few it may fall to."""

from deploy.aws.deployment import WHOLE_PERCENT, maximum_percent
from deploy.containers import STOP_TIMEOUT_SECONDS
from deploy.environment import Environment
from deploy.kubernetes.containers import (
    CANARY_IMAGE,
    pod_security,
    service_container,
    temporary_volume,
)
from deploy.kubernetes.manifest import STABLE, TRACK_LABEL, Manifest, manifest, selector
from deploy.scaling import (
    SCALE_IN_SECONDS,
    WAITING_METRIC,
    WAITING_PER_TASK,
    cpu_target_percent,
    scales_by_waiting,
    task_bounds,
)
from tiketi.services.registry import Service

REVISIONS_MAX = 5
PROGRESS_SECONDS = 600
SURGE_PERCENT_MAX = 25
# A pod that dies right after its start does not let the next old one go.
READY_SECONDS_MIN = 10
# The design's: twice as many every 15 s, half as many every 60 s after 300 s without need.
SCALE_UP_PERCENT, SCALE_UP_PERIOD_SECONDS = 100, 15
SCALE_DOWN_PERCENT, SCALE_DOWN_PERIOD_SECONDS = 50, 60
# From so many pods on, a share of them may be moved at once; below, one.
MOVED_BY_SHARE_FROM = 10
MOVED_SHARE = "10%"


def deployment(service: Service, environment: Environment, track: str = STABLE) -> Manifest:
    """Without ``replicas``: the autoscaler's number outlives every change of this file. A canary
    has one pod. The track is in the selector, which never changes.
    """
    labels = {**selector(service), TRACK_LABEL: track}
    container = service_container(service, environment)
    if track != STABLE:
        container["image"] = CANARY_IMAGE
    pod = {
        "serviceAccountName": service.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": STOP_TIMEOUT_SECONDS,
        "securityContext": pod_security(),
        "topologySpreadConstraints": [
            _spread("topology.kubernetes.io/zone", labels),
            _spread("kubernetes.io/hostname", labels),
        ],
        "containers": [container],
        "volumes": [temporary_volume()],
    }
    return manifest(
        "apps/v1",
        "Deployment",
        service.name if track == STABLE else f"{service.name}-{track}",
        environment=environment,
        labels=labels,
        spec={
            **({} if track == STABLE else {"replicas": 1}),
            "revisionHistoryLimit": REVISIONS_MAX,
            "progressDeadlineSeconds": PROGRESS_SECONDS,
            "minReadySeconds": READY_SECONDS_MIN,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 0, "maxSurge": _surge(service, environment)},
            },
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": _scraped(service)},
                "spec": pod,
            },
        },
    )


def autoscaler(service: Service, environment: Environment) -> Manifest:
    tasks_min, tasks_max = task_bounds(service, environment)
    return manifest(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        service.name,
        environment=environment,
        labels=selector(service),
        spec={
            "scaleTargetRef": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": service.name,
            },
            "minReplicas": tasks_min,
            "maxReplicas": tasks_max,
            "metrics": _metrics(service),
            "behavior": {
                "scaleUp": {
                    "stabilizationWindowSeconds": 0,
                    "policies": [_policy(SCALE_UP_PERCENT, SCALE_UP_PERIOD_SECONDS)],
                },
                "scaleDown": {
                    "stabilizationWindowSeconds": SCALE_IN_SECONDS,
                    "policies": [_policy(SCALE_DOWN_PERCENT, SCALE_DOWN_PERIOD_SECONDS)],
                },
            },
        },
    )


def disruption_budget(service: Service, environment: Environment) -> Manifest:
    """How many pods a drain of nodes may take at once; broken ones never hold it up."""
    tasks_min, _ = task_bounds(service, environment)
    return manifest(
        "policy/v1",
        "PodDisruptionBudget",
        service.name,
        environment=environment,
        labels=selector(service),
        spec={
            "maxUnavailable": MOVED_SHARE if tasks_min >= MOVED_BY_SHARE_FROM else 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(service)},
        },
    )


def _metrics(service: Service) -> list[Manifest]:
    """Whichever asks for more pods wins. Every queue pod says how many wait in all the lines, so
    the metric is one number for the service, divided by its pods.
    """
    cpu = {
        "type": "Resource",
        "resource": {
            "name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": cpu_target_percent(service)},
        },
    }
    if not scales_by_waiting(service):
        return [cpu]
    waiting = {
        "type": "External",
        "external": {
            "metric": {"name": WAITING_METRIC},
            "target": {"type": "AverageValue", "averageValue": str(WAITING_PER_TASK)},
        },
    }
    return [cpu, waiting]


def _surge(service: Service, environment: Environment) -> str:
    """Never more than on ECS: the writer's connections are reckoned with that."""
    allowed = maximum_percent(service, environment) - WHOLE_PERCENT
    return f"{min(SURGE_PERCENT_MAX, allowed)}%"


def _scraped(service: Service) -> dict[str, str]:
    return {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(service.port),
        "prometheus.io/path": "/metrics",
    }


def _policy(percent: int, period_seconds: int) -> Manifest:
    return {"type": "Percent", "value": percent, "periodSeconds": period_seconds}


def _spread(key: str, labels: dict[str, str]) -> Manifest:
    """Even, where that is possible: a lost zone must not hold back new pods."""
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
        "matchLabelKeys": ["pod-template-hash"],
    }
