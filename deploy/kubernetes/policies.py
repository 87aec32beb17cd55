"""Who may talk to whom: nobody, but for what a service is seen to need.

Modules call each other in process, so that no service is called by another: requests come from
the balancer alone, and go to the stores, the resolver and the collector. Who sends mail or asks
payment companies may leave the network besides.

Balancer and pods share their subnets' addresses, so a policy alone cannot tell them apart: the
VPC's security groups do.
"""

from collections.abc import Iterable, Sequence

from deploy.aws.network.addresses import Layer, subnet_ranges
from deploy.containers import SMTP_PORTS
from deploy.environment import Environment
from deploy.kubernetes.manifest import NAME_LABEL, Manifest, manifest, selector
from deploy.kubernetes.platform import MIGRATION
from tiketi.services.registry import Service

POSTGRES_PORT = 5432
REDIS_PORT = 6379
HTTPS_PORT = 443
DNS_PORT = 53
COLLECTOR_PORTS = (4317, 4318)  # OTLP, by gRPC and by HTTP
COLLECTOR_NAMESPACE = "observability"
GATEWAY_NAMESPACE = "kong"
PROMETHEUS_NAMESPACE = "monitoring"
MESH_NAMESPACE = "istio-system"
MESH_PORTS = (15012,)
# Where a sidecar tells its own metrics and the pod's; probes come from the node, which no policy
# stops.
MESH_METRICS_PORT = 15020
_ANYWHERE = "0.0.0.0/0"
_NAMESPACE_LABEL = "kubernetes.io/metadata.name"


def network_policies(services: Sequence[Service], environment: Environment) -> list[Manifest]:
    return [
        _deny_everything(environment),
        _allow_names(environment),
        *([_allow_mesh(environment)] if environment.mesh else []),
        *(_service_policy(service, environment) for service in services),
        _migration_policy(environment),
    ]


def _policy(environment: Environment, name: str, spec: Manifest) -> Manifest:
    return manifest(
        "networking.k8s.io/v1", "NetworkPolicy", name, environment=environment, spec=spec
    )


def _deny_everything(environment: Environment) -> Manifest:
    return _policy(
        environment, "deny-all", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    )


def _allow_names(environment: Environment) -> Manifest:
    resolver = {
        **_namespace("kube-system"),
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    ports = [{"port": DNS_PORT, "protocol": protocol} for protocol in ("UDP", "TCP")]
    return _policy(
        environment,
        "resolve-names",
        {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [resolver], "ports": ports}],
        },
    )


def _allow_mesh(environment: Environment) -> Manifest:
    """Sidecars are told their peers and certificates by the mesh's control plane."""
    return _policy(
        environment,
        "mesh",
        {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [_namespace(MESH_NAMESPACE)], "ports": _tcp(MESH_PORTS)}],
        },
    )


def security_groups(services: Sequence[Service], environment: Environment) -> list[Manifest]:
    """The VPC's groups, as a task on ECS has them: the stores and the balancer know no others.
    The cluster's own is for probes and names.
    """
    names = (*(service.name for service in services), MIGRATION)
    return [
        manifest(
            "vpcresources.k8s.aws/v1beta1",
            "SecurityGroupPolicy",
            name,
            environment=environment,
            spec={
                "podSelector": {"matchLabels": {NAME_LABEL: name}},
                "securityGroups": {
                    "groupIds": ["${CLUSTER_SECURITY_GROUP_ID}", f"${{{group_parameter(name)}}}"]
                },
            },
        )
        for name in names
    ]


def group_parameter(name: str) -> str:
    return f"{name.upper()}_SECURITY_GROUP_ID"


def _service_policy(service: Service, environment: Environment) -> Manifest:
    mesh = [_namespace(MESH_NAMESPACE)]
    egress = [
        {"to": _layer("data", environment), "ports": _tcp((POSTGRES_PORT, REDIS_PORT))},
        {"to": [_namespace(COLLECTOR_NAMESPACE)], "ports": _tcp(COLLECTOR_PORTS)},
    ]
    outside = outside_ports(service)
    if outside:
        elsewhere = {"ipBlock": {"cidr": _ANYWHERE, "except": [environment.vpc_cidr]}}
        egress.append({"to": [elsewhere], "ports": _tcp(outside)})
    return _policy(
        environment,
        service.name,
        {
            "podSelector": {"matchLabels": selector(service)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {
                    "from": [
                        *(mesh if environment.mesh else _layer("app", environment)),
                        _namespace(GATEWAY_NAMESPACE),
                        _namespace(PROMETHEUS_NAMESPACE),
                    ],
                    "ports": _tcp((service.port,)),
                },
                *([_merged_metrics()] if environment.mesh else []),
            ],
            "egress": egress,
        },
    )


def _merged_metrics() -> Manifest:
    """Prometheus' way in a mesh: what the queue is scaled by comes so."""
    return {"from": [_namespace(PROMETHEUS_NAMESPACE)], "ports": _tcp((MESH_METRICS_PORT,))}


def outside_ports(service: Service) -> tuple[int, ...]:
    """The ports outside of the network that a service connects to."""
    mail = SMTP_PORTS if "mail" in service.loops else ()
    payments = (HTTPS_PORT,) if "payments" in service.modules else ()
    return (*mail, *payments)


def _migration_policy(environment: Environment) -> Manifest:
    stores = _layer("data", environment)
    return _policy(
        environment,
        MIGRATION,
        {
            "podSelector": {"matchLabels": {NAME_LABEL: MIGRATION}},
            "policyTypes": ["Egress"],
            "egress": [{"to": stores, "ports": _tcp((POSTGRES_PORT, REDIS_PORT))}],
        },
    )


def _layer(layer: Layer, environment: Environment) -> list[Manifest]:
    """The subnets of the balancer and of pods, or of the stores."""
    return [
        {"ipBlock": {"cidr": place.cidr}}
        for place in subnet_ranges(environment)
        if place.layer == layer
    ]


def _namespace(name: str) -> Manifest:
    return {"namespaceSelector": {"matchLabels": {_NAMESPACE_LABEL: name}}}


def _tcp(ports: Iterable[int]) -> list[Manifest]:
    return [{"port": port, "protocol": "TCP"} for port in ports]
