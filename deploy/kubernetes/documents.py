"""The files, in a folder for each step: what has to be there, the migration, what runs."""

from collections.abc import Mapping, Sequence

import tiketi
from deploy.containers import secret_path
from deploy.environment import Environment
from deploy.kubernetes import mesh
from deploy.kubernetes.cluster import CLUSTER, cluster_text, subnet_parameter
from deploy.kubernetes.manifest import CANARY, Manifest, kustomization, to_yaml
from deploy.kubernetes.migration import migration_job
from deploy.kubernetes.network import cluster_service, headless_service, ingress
from deploy.kubernetes.platform import external_secrets, namespace, service_accounts
from deploy.kubernetes.policies import group_parameter, network_policies, security_groups
from deploy.kubernetes.workload import autoscaler, deployment, disruption_budget
from deploy.routing import rules
from deploy.scaling import WAITING_METRIC
from tiketi.services.registry import SERVICES, Service

ROOT = "kubernetes"
PLATFORM, MIGRATION, SERVICES_STEP, CANARY_STEP = (
    f"{ROOT}/1-platform",
    f"{ROOT}/2-migration",
    f"{ROOT}/3-services",
    f"{ROOT}/4-canary",
)
# Written ${NAME} in the files; envsubst puts them in.
PARAMETERS = {
    "AWS_ACCOUNT_ID": "the account whose roles the service accounts take on",
    "VPC_ID": "output VpcId of the stack network",
    "CERTIFICATE_ARN": "output CertificateArn of the stack certificate",
    "BALANCER_SECURITY_GROUP_ID": "output BalancerSecurityGroupId of the stack network",
    "CLUSTER_SECURITY_GROUP_ID": "that EKS made for the cluster: aws eks describe-cluster",
    "ADMIN_EMAIL": "the first admin's; the password is in the secret migration",
    "IMAGE_REPOSITORY": "where the image was pushed to, without a tag",
    "IMAGE_TAG": "the version that runs",
    "KUBECTL_IMAGE": "any with kubectl and sh; only for 5-schedule",
    "CANARY_TAG": "the version that a canary runs; only for 4-canary",
}


def make_kubernetes(
    environment: Environment, services: Sequence[Service] = SERVICES
) -> dict[str, str]:
    """Every document of Kubernetes by its path."""
    found = {
        **_folder(
            PLATFORM,
            {
                "namespace": [namespace(environment)],
                "service-accounts": service_accounts(services, environment),
                "secrets": external_secrets(services, environment),
                "network-policies": network_policies(services, environment),
                "security-groups": security_groups(services, environment),
            },
        ),
        **_folder(MIGRATION, {"migration": [migration_job(environment)]}),
        **_folder(SERVICES_STEP, _running(services, environment)),
        f"{ROOT}/README.md": _read_me(environment),
        f"{ROOT}/parameters.example.env": _parameters(services, environment),
        f"{ROOT}/{CLUSTER}": cluster_text(environment),
        f"{ROOT}/prometheus-adapter-values.yaml": _adapter_values(),
    }
    if environment.mesh:
        for rule in rules(services):
            canary = [
                deployment(rule.service, environment, CANARY),
                mesh.virtual_service(rule, environment, environment.canary_percent),
            ]
            found |= _folder(f"{CANARY_STEP}/{rule.service.name}", {"canary": canary})
    return found


def _running(services: Sequence[Service], environment: Environment) -> dict[str, list[Manifest]]:
    files = {
        service.name: [
            deployment(service, environment),
            cluster_service(service, environment),
            headless_service(service, environment),
            autoscaler(service, environment),
            disruption_budget(service, environment),
        ]
        for service in services
    }
    routes = rules(services)
    if not environment.mesh:
        return {**files, "ingress": [ingress(rule, environment) for rule in routes]}
    return {
        **files,
        "ingress": [mesh.gateway_ingress(environment)],
        "mesh": [
            mesh.peer_authentication(environment),
            mesh.gateway(routes, environment),
            *(mesh.virtual_service(rule, environment) for rule in routes),
            *(mesh.destination_rule(rule, environment) for rule in routes),
        ],
    }


def _folder(folder: str, files: Mapping[str, Sequence[Manifest]]) -> dict[str, str]:
    found = {f"{folder}/{name}.yaml": to_yaml(manifests) for name, manifests in files.items()}
    found[f"{folder}/kustomization.yaml"] = kustomization(f"{name}.yaml" for name in files)
    return found


def _parameters(services: Sequence[Service], environment: Environment) -> str:
    groups = [*(service.name for service in services), "migration"]
    every = {
        **PARAMETERS,
        **{
            group_parameter(name): f"output {name.capitalize()}SecurityGroupId of the same"
            for name in groups
        },
        **{
            subnet_parameter(zone): f"of the same's output AppSubnetIds, by comma, number {zone}"
            for zone in range(1, environment.zones + 1)
        },
    }
    lines = [f"# {about}\n{name}=" for name, about in every.items()]
    return "\n".join(lines).replace("IMAGE_TAG=", f"IMAGE_TAG={tiketi.__version__}") + "\n"


def _adapter_values() -> str:
    """Every queue pod tells the same number, so the greatest is the metric, not their sum."""
    return f"""\
# Helm values of prometheus-adapter: the metric by which the queue is scaled.
rules:
  external:
    - seriesQuery: '{WAITING_METRIC}'
      name:
        as: '{WAITING_METRIC}'
      resources:
        overrides:
          namespace: {{resource: namespace}}
      metricsQuery: 'max(<<.Series>>{{<<.LabelMatchers>>}})'
"""


_CANARY = """
A canary of the queue, say; then its end, which gives it no more requests before it goes:

```sh
apply 4-canary/queue
apply 3-services && kubectl -n {namespace} delete deployment queue-canary
```
"""


def _read_me(environment: Environment) -> str:
    canary = _CANARY.format(namespace=environment.prefix) if environment.mesh else ""
    return f"""\
# {environment.prefix} on Kubernetes

Made by `python -m deploy emit`; changes here are lost. Copy `parameters.example.env` to
`parameters.env`, which is yours, and fill it in from the outputs of the stack `network`. Then, with
`envsubst` (gettext):

```sh
set -a; . ./parameters.env; set +a
envsubst < cluster.yaml | eksctl create cluster -f -
```

Install what the cluster has to have: the AWS load balancer controller, the External Secrets
Operator, cluster-autoscaler, Prometheus with prometheus-adapter
(`prometheus-adapter-values.yaml`){
        ", Istio with its CNI plugin and its gateway" if environment.mesh else ""
    }. Put the cluster's own security group into
`parameters.env`, and deploy the stack `network` once more with it as `KubernetesSecurityGroupId`;
then a folder a step:

```sh
set -a; . ./parameters.env; set +a
apply() {{ kubectl kustomize "$1" | envsubst | kubectl apply -f -; }}
apply 1-platform
kubectl -n {environment.prefix} wait externalsecret --all --for=condition=Ready --timeout=5m
apply 2-migration
kubectl -n {environment.prefix} wait job -l app.kubernetes.io/name=migration \\
    --for=condition=Complete --timeout=1h
apply 3-services
kubectl -n {environment.prefix} rollout status deployment -l app.kubernetes.io/part-of=tiketi
```
{canary}
Secrets are read from `{secret_path(environment, "…")}` in AWS Secrets Manager.
"""
