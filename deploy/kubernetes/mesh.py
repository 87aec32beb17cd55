"""Istio, where an environment has a mesh: TLS between all pods, and a canary's share of requests.

The balancer is outside of the mesh, so Istio's own gateway stands between: STRICT holds for every
request that reaches a pod. Its stickiness takes the place of the balancer's.
"""

from collections.abc import Sequence

from deploy.environment import Environment
from deploy.kubernetes.manifest import CANARY, STABLE, TRACK_LABEL, Manifest, manifest
from deploy.kubernetes.network import balancer_annotations, ingress_paths
from deploy.routing import STICKY_SECONDS, Rule

GATEWAY_NAMESPACE = "istio-system"
GATEWAY_SERVICE = "istio-ingressgateway"
# Of the gateway's pods: as istioctl makes them, and as Helm's chart does.
GATEWAY_PORTS = (8080, 80)
GATEWAY_HEALTH_PORT, GATEWAY_HEALTH_PATH = 15021, "/healthz/ready"
# A pod that answers five times in a row with a 5xx rests for half a minute; never most of them.
EJECTED_AFTER_ERRORS, EJECTED_SECONDS, EJECTED_PERCENT_MAX = 5, 30, 50
# Only what never reached the service is tried again: a 503 is an answer.
RETRIES_MAX, RETRIED = 2, "connect-failure,refused-stream"


def peer_authentication(environment: Environment) -> Manifest:
    return manifest(
        "security.istio.io/v1",
        "PeerAuthentication",
        "default",
        environment=environment,
        spec={"mtls": {"mode": "STRICT"}},
    )


def gateway(rules: Sequence[Rule], environment: Environment) -> Manifest:
    hosts = list(dict.fromkeys(host for rule in rules for host in _hosts(rule, environment)))
    return manifest(
        "networking.istio.io/v1",
        "Gateway",
        "entrance",
        environment=environment,
        spec={
            "selector": {"istio": "ingressgateway"},
            "servers": [
                {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": hosts}
            ],
        },
    )


def gateway_ingress(environment: Environment) -> Manifest:
    """The one target group of the balancer; in the gateway's namespace, as an Ingress has to be."""
    made = manifest(
        "networking.k8s.io/v1",
        "Ingress",
        environment.prefix,
        environment=environment,
        annotations=balancer_annotations(
            environment,
            {
                "healthcheck-path": GATEWAY_HEALTH_PATH,
                "healthcheck-port": str(GATEWAY_HEALTH_PORT),
                "group.order": "10",
            },
        ),
        spec={
            "ingressClassName": "alb",
            "defaultBackend": {"service": {"name": GATEWAY_SERVICE, "port": {"number": 80}}},
        },
    )
    made["metadata"]["namespace"] = GATEWAY_NAMESPACE
    return made


def virtual_service(rule: Rule, environment: Environment, canary_percent: int = 0) -> Manifest:
    """Where a request of the rule goes. A share for a canary that does not run would be lost."""
    weights = {STABLE: 100 - canary_percent, CANARY: canary_percent}
    return manifest(
        "networking.istio.io/v1",
        "VirtualService",
        rule.service.name,
        environment=environment,
        spec={
            "hosts": _hosts(rule, environment),
            "gateways": ["entrance"],
            "http": [
                {
                    "match": [_match(path, kind) for path, kind in ingress_paths(rule)],
                    "route": [
                        {
                            "destination": {
                                "host": rule.service.name,
                                "subset": track,
                                "port": {"number": rule.service.port},
                            },
                            "weight": weight,
                        }
                        for track, weight in weights.items()
                        if weight
                    ],
                    "retries": {"attempts": RETRIES_MAX, "retryOn": RETRIED},
                }
            ],
        },
    )


def destination_rule(rule: Rule, environment: Environment) -> Manifest:
    policy: Manifest = {
        "tls": {"mode": "ISTIO_MUTUAL"},
        "outlierDetection": {
            "consecutive5xxErrors": EJECTED_AFTER_ERRORS,
            "interval": "10s",
            "baseEjectionTime": f"{EJECTED_SECONDS}s",
            "maxEjectionPercent": EJECTED_PERCENT_MAX,
        },
    }
    if rule.sticky:
        cookie = {"name": "tiketi-task", "ttl": f"{STICKY_SECONDS}s"}
        policy["loadBalancer"] = {"consistentHash": {"httpCookie": cookie}}
    return manifest(
        "networking.istio.io/v1",
        "DestinationRule",
        rule.service.name,
        environment=environment,
        spec={
            "host": rule.service.name,
            "trafficPolicy": policy,
            "subsets": [
                {"name": track, "labels": {TRACK_LABEL: track}} for track in (STABLE, CANARY)
            ],
        },
    )


def _hosts(rule: Rule, environment: Environment) -> list[str]:
    return [environment.admin_host] if rule.host == "admin" else list(environment.calling_hosts)


def _match(path: str, kind: str) -> Manifest:
    """Istio's prefix knows no segments: a path that only begins alike is another."""
    if kind == "Exact":
        return {"uri": {"exact": path}}
    return {"uri": {"regex": f"{path.replace('.', '[.]')}(/.*)?"}}
