"""A pod's one container and how it is confined: the restricted profile, a read-only root."""

from collections.abc import Iterable, Sequence

from deploy.containers import (
    GROUP_ID,
    READ_ONLY_ROOT,
    USER_ID,
    SecretValue,
    command_of,
    secrets_of,
    settings_of,
)
from deploy.environment import Environment
from deploy.kubernetes.manifest import Manifest
from tiketi.services.registry import Service

# Parameters of the files: documents.py says what they are.
IMAGE = "${IMAGE_REPOSITORY}:${IMAGE_TAG}"
CANARY_IMAGE = "${IMAGE_REPOSITORY}:${CANARY_TAG}"
# So many of a task's whole cores: the rest of a node's last core is its daemons'.
CPU_REQUEST_SHARE = 0.95
TEMPORARY_SIZE = "64Mi"
STARTUP_PERIOD_SECONDS, STARTUP_FAILURES_MAX = 2, 45
LIVENESS_PERIOD_SECONDS, LIVENESS_FAILURES_MAX = 10, 3
READINESS_PERIOD_SECONDS, READINESS_FAILURES_MAX = 5, 2
# Above the service's own bound of two seconds on each dependency.
PROBE_TIMEOUT_SECONDS = 3
# The balancer's controller has heard of the pod's end before the process has.
PRE_STOP_SECONDS = 5
READY_PATH = "/health/ready"
# These serve on without a store (docs/reads.md, docs/waiting-room.md): out of rotation they could
# not. Kubernetes takes a pod that ends out by itself, whatever it answers.
_SERVE_WITHOUT_A_STORE = frozenset({"event", "queue"})


def ready_path(service: Service) -> str:
    """What decides whether a pod is sent requests."""
    return service.health_path if service.name in _SERVE_WITHOUT_A_STORE else READY_PATH


def pod_security() -> Manifest:
    return {
        "runAsNonRoot": True,
        "runAsUser": USER_ID,
        "runAsGroup": GROUP_ID,
        "fsGroup": GROUP_ID,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def confined(
    name: str,
    command: Sequence[str],
    settings: Iterable[tuple[str, str]],
    secrets: Iterable[SecretValue],
) -> Manifest:
    """A container of the image; ``command`` are the arguments of its entrypoint."""
    plain = [{"name": variable, "value": value} for variable, value in settings]
    secret = [
        {
            "name": value.variable,
            "valueFrom": {"secretKeyRef": {"name": value.secret, "key": value.key}},
        }
        for value in secrets
    ]
    return {
        "name": name,
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": list(command),
        "env": [*plain, *secret],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": READ_ONLY_ROOT,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "temporary", "mountPath": "/tmp"}],  # noqa: S108 # its own
    }


def temporary_volume() -> Manifest:
    return {"name": "temporary", "emptyDir": {"sizeLimit": TEMPORARY_SIZE}}


def service_container(service: Service, environment: Environment) -> Manifest:
    container = confined(
        service.name,
        command_of(service),
        settings_of(service, environment).items(),
        secrets_of(service),
    )
    return {
        **container,
        "ports": [{"name": "http", "containerPort": service.port, "protocol": "TCP"}],
        "resources": _resources(service),
        "startupProbe": _probe(service.health_path, STARTUP_PERIOD_SECONDS, STARTUP_FAILURES_MAX),
        "livenessProbe": _probe(
            service.health_path, LIVENESS_PERIOD_SECONDS, LIVENESS_FAILURES_MAX
        ),
        "readinessProbe": _probe(
            ready_path(service), READINESS_PERIOD_SECONDS, READINESS_FAILURES_MAX
        ),
        "lifecycle": {"preStop": {"sleep": {"seconds": PRE_STOP_SECONDS}}},
    }


def _resources(service: Service) -> Manifest:
    """No limit of cores: the kernel would stop a process in the middle of a tick."""
    memory = f"{service.memory_gib}Gi"
    return {
        "requests": {"cpu": f"{round(service.vcpu * 1000 * CPU_REQUEST_SHARE)}m", "memory": memory},
        "limits": {"memory": memory},
    }


def _probe(path: str, period_seconds: int, failures_max: int) -> Manifest:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": period_seconds,
        "timeoutSeconds": PROBE_TIMEOUT_SECONDS,
        "failureThreshold": failures_max,
    }
