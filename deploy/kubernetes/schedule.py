"""Events' capacity plans as CronJobs that move an autoscaler's bounds at their times.

A CronJob knows no year: each asks for the date first, and does nothing on another.
"""

import json
from collections.abc import Sequence
from datetime import UTC

from deploy.containers import GROUP_ID, USER_ID
from deploy.environment import Environment
from deploy.kubernetes.manifest import (
    NAME_LABEL,
    PART_OF,
    PART_OF_LABEL,
    Manifest,
    kustomization,
    manifest,
    to_yaml,
)
from deploy.plans import PlanAction, actions_by_service, read_plan
from tiketi.services.registry import SERVICES, Service

FOLDER = "kubernetes/5-schedule"
SCHEDULER = "scheduler"
# Kubernetes' own name for itself inside of a cluster; its address lies in the cluster's network.
API_PORT = 443
LATE_SECONDS_MAX = 600
RETRIES_MAX = 5
KEPT_SECONDS = 86_400


def make_scheduled(
    environment: Environment, plans: Sequence[str], services: Sequence[Service] = SERVICES
) -> dict[str, str]:
    """The files of a folder, for plans that are JSON texts.

    Raises ValueError as ``read_plan`` and ``actions_by_service`` do.
    """
    names = [service.name for service in services]
    jobs = [
        _cron_job(plan.event_id, action, environment)
        for pairs in actions_by_service([read_plan(text) for text in plans], names).values()
        for plan, action in pairs
    ]
    files = {"access.yaml": to_yaml(_access(environment)), "actions.yaml": to_yaml(jobs)}
    found = {f"{FOLDER}/{name}": text for name, text in files.items()}
    found[f"{FOLDER}/kustomization.yaml"] = kustomization(files)
    return found


def _cron_job(event_id: str, action: PlanAction, environment: Environment) -> Manifest:
    at = action.at.astimezone(UTC)
    bounds = {"spec": {"minReplicas": action.tasks_min, "maxReplicas": action.tasks_max}}
    patch = f"kubectl patch hpa {action.service} --type merge --patch '{json.dumps(bounds)}'"
    command = f'[ "$(date -u +%F)" = {at:%Y-%m-%d} ] || exit 0; {patch}'
    labels = {NAME_LABEL: SCHEDULER, PART_OF_LABEL: PART_OF}
    template = {"metadata": {"labels": labels}, "spec": _pod(command)}
    return manifest(
        "batch/v1",
        "CronJob",
        f"{action.service}-{at:%Y%m%d-%H%M}",
        environment=environment,
        labels=labels,
        annotations={"tiketi/event": event_id},
        spec={
            "schedule": f"{at.minute} {at.hour} {at.day} {at.month} *",
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": LATE_SECONDS_MAX,
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 1,
            "jobTemplate": {
                "spec": {
                    "backoffLimit": RETRIES_MAX,
                    "ttlSecondsAfterFinished": KEPT_SECONDS,
                    "template": template,
                }
            },
        },
    )


def _pod(command: str) -> Manifest:
    return {
        "serviceAccountName": SCHEDULER,
        "restartPolicy": "Never",
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER_ID,
            "runAsGroup": GROUP_ID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": SCHEDULER,
                "image": "${KUBECTL_IMAGE}",
                "command": ["sh", "-c", command],
                "resources": {
                    "requests": {"cpu": "50m", "memory": "64Mi"},
                    "limits": {"memory": "64Mi"},
                },
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    }


def _access(environment: Environment) -> list[Manifest]:
    """It may move autoscalers' bounds in its own namespace, and nothing else."""
    group = "rbac.authorization.k8s.io"
    return [
        manifest("v1", "ServiceAccount", SCHEDULER, environment=environment),
        manifest(
            f"{group}/v1",
            "Role",
            SCHEDULER,
            environment=environment,
            rules=[
                {
                    "apiGroups": ["autoscaling"],
                    "resources": ["horizontalpodautoscalers"],
                    "verbs": ["get", "patch"],
                }
            ],
        ),
        manifest(
            f"{group}/v1",
            "RoleBinding",
            SCHEDULER,
            environment=environment,
            roleRef={"apiGroup": group, "kind": "Role", "name": SCHEDULER},
            subjects=[
                {"kind": "ServiceAccount", "name": SCHEDULER, "namespace": environment.prefix}
            ],
        ),
        manifest(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            SCHEDULER,
            environment=environment,
            spec={
                "podSelector": {"matchLabels": {NAME_LABEL: SCHEDULER}},
                "policyTypes": ["Egress"],
                "egress": [{"ports": [{"port": API_PORT, "protocol": "TCP"}]}],
            },
        ),
    ]
