"""What has to be there before anything runs: the namespace, identities, secrets."""

from collections.abc import Sequence

from deploy.containers import Secret, secret_path, secrets
from deploy.environment import Environment
from deploy.kubernetes.manifest import Manifest, manifest
from tiketi.services.registry import Service

SECRET_READER = "secret-reader"  # noqa: S105 # a ServiceAccount's name
SECRET_STORE = "aws"  # noqa: S105 # a SecretStore's name
SECRET_REFRESH = "1h"  # noqa: S105 # how often the store is asked
MIGRATION = "migration"


def namespace(environment: Environment) -> Manifest:
    """Pods that ask for more than the restricted profile allows are refused."""
    labels = {
        f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")
    }
    # A new pod is in rotation only once the balancer has found it healthy, not just the cluster.
    labels["elbv2.k8s.aws/pod-readiness-gate-inject"] = "enabled"
    if environment.mesh:
        labels["istio-injection"] = "enabled"
    return manifest("v1", "Namespace", environment.prefix, environment=environment, labels=labels)


def service_accounts(services: Sequence[Service], environment: Environment) -> list[Manifest]:
    """One a service, for policies to name. None calls AWS or the cluster, so none has a role or a
    token; only the reader of secrets has.
    """
    names = (*(service.name for service in services), MIGRATION)
    reader = manifest(
        "v1",
        "ServiceAccount",
        SECRET_READER,
        environment=environment,
        annotations={
            "eks.amazonaws.com/role-arn": (
                f"arn:aws:iam::${{AWS_ACCOUNT_ID}}:role/{environment.prefix}-{SECRET_READER}"
            )
        },
        automountServiceAccountToken=False,
    )
    return [
        reader,
        *(
            manifest(
                "v1",
                "ServiceAccount",
                name,
                environment=environment,
                automountServiceAccountToken=False,
            )
            for name in names
        ),
    ]


def external_secrets(services: Sequence[Service], environment: Environment) -> list[Manifest]:
    """Copies of the secret store's documents, by the External Secrets Operator (v1)."""
    store = manifest(
        "external-secrets.io/v1",
        "SecretStore",
        SECRET_STORE,
        environment=environment,
        spec={
            "provider": {
                "aws": {
                    "service": "SecretsManager",
                    "region": environment.region,
                    "auth": {"jwt": {"serviceAccountRef": {"name": SECRET_READER}}},
                }
            }
        },
    )
    return [store, *(_external_secret(secret, environment) for secret in secrets(services))]


def _external_secret(secret: Secret, environment: Environment) -> Manifest:
    path = secret_path(environment, secret.name)
    return manifest(
        "external-secrets.io/v1",
        "ExternalSecret",
        secret.name,
        environment=environment,
        annotations={"tiketi/about": secret.about},
        spec={
            "refreshInterval": SECRET_REFRESH,
            "secretStoreRef": {"kind": "SecretStore", "name": SECRET_STORE},
            "target": {"name": secret.name, "creationPolicy": "Owner"},
            "data": [
                {"secretKey": key, "remoteRef": {"key": path, "property": key}}
                for key in secret.keys
            ],
        },
    )
