"""The one-off that brings the database to a version before its services run."""

import re

import tiketi
from deploy.containers import migration_command, migration_secrets
from deploy.environment import Environment
from deploy.kubernetes.containers import confined, pod_security, temporary_volume
from deploy.kubernetes.manifest import NAME_LABEL, PART_OF, PART_OF_LABEL, Manifest, manifest
from deploy.kubernetes.platform import MIGRATION

ADMIN = ("TIKETI_ADMIN_EMAIL", "${ADMIN_EMAIL}")
RETRIES_MAX = 3
# Adding an index to the largest table without a lock takes its time.
DEADLINE_SECONDS = 3_600
KEPT_SECONDS = 86_400


def migration_job(environment: Environment) -> Manifest:
    """Named by the version, since a Job cannot be changed. Repeating one changes nothing."""
    labels = {NAME_LABEL: MIGRATION, PART_OF_LABEL: PART_OF}
    container = {
        **confined(MIGRATION, migration_command(), [ADMIN], migration_secrets()),
        "resources": {
            "requests": {"cpu": "500m", "memory": "512Mi"},
            "limits": {"memory": "512Mi"},
        },
    }
    pod = {
        "serviceAccountName": MIGRATION,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "securityContext": pod_security(),
        "containers": [container],
        "volumes": [temporary_volume()],
    }
    # A sidecar would keep the Job from ever being complete.
    annotations = {"sidecar.istio.io/inject": "false"} if environment.mesh else {}
    version = re.sub(r"[^a-z0-9]+", "-", tiketi.__version__.lower())
    return manifest(
        "batch/v1",
        "Job",
        f"{MIGRATION}-{version}",
        environment=environment,
        labels=labels,
        spec={
            "backoffLimit": RETRIES_MAX,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": {
                "metadata": {
                    "labels": labels,
                    **({"annotations": annotations} if annotations else {}),
                },
                "spec": pod,
            },
        },
    )
