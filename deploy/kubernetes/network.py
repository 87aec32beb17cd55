"""How requests come in: a Service each, and its part of one application load balancer."""

import json
from collections.abc import Mapping

from deploy.containers import SHUTDOWN_GRACE_SECONDS, SHUTDOWN_NOTICE_SECONDS
from deploy.environment import Environment
from deploy.kubernetes.manifest import Manifest, manifest, selector
from deploy.routing import (
    HEALTH_INTERVAL_SECONDS,
    HEALTH_TIMEOUT_SECONDS,
    HEALTHY_THRESHOLD,
    IDLE_TIMEOUT_SECONDS,
    STICKY_SECONDS,
    UNHEALTHY_THRESHOLD,
    Rule,
)
from tiketi.services.registry import Service

# TLS 1.3 and 1.2 with forward secrecy (AWS, "Security policies").
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
_EVERYTHING_BELOW = "/*"
_ALB = "alb.ingress.kubernetes.io"


def cluster_service(service: Service, environment: Environment) -> Manifest:
    return manifest(
        "v1",
        "Service",
        service.name,
        environment=environment,
        labels=selector(service),
        spec={
            "type": "ClusterIP",
            "selector": selector(service),
            "ports": [
                {
                    "name": "http",
                    "port": service.port,
                    "targetPort": "http",
                    "protocol": "TCP",
                    "appProtocol": "http",
                }
            ],
        },
    )


def headless_service(service: Service, environment: Environment) -> Manifest:
    """A name for the pods themselves, for a gateway that balances and checks on its own."""
    made = cluster_service(service, environment)
    made["metadata"]["name"] = f"{service.name}-tasks"
    made["spec"] = {**made["spec"], "clusterIP": "None"}
    return made


def ingress(rule: Rule, environment: Environment) -> Manifest:
    """The rule of one service. All of a group share one balancer, whose answer to what no rule
    matches is 404; each has a target group of its own.
    """
    backend = {"service": {"name": rule.service.name, "port": {"name": "http"}}}
    return manifest(
        "networking.k8s.io/v1",
        "Ingress",
        rule.service.name,
        environment=environment,
        labels=selector(rule.service),
        annotations=_annotations(rule, environment),
        spec={
            "ingressClassName": "alb",
            "rules": [
                {
                    # The site calls the API at its own host: only the admin's is one of its own.
                    **({"host": environment.admin_host} if rule.host == "admin" else {}),
                    "http": {
                        "paths": [
                            {"path": path, "pathType": path_type, "backend": backend}
                            for path, path_type in ingress_paths(rule)
                        ]
                    },
                }
            ],
        },
    )


def ingress_paths(rule: Rule) -> list[tuple[str, str]]:
    """Ingress' Prefix is the path itself and everything below it: two of the rule's in one."""
    roots = [
        path.removesuffix(_EVERYTHING_BELOW)
        for path in rule.paths
        if path.endswith(_EVERYTHING_BELOW)
    ]
    exact = [
        path for path in rule.paths if not path.endswith(_EVERYTHING_BELOW) and path not in roots
    ]
    return [*((path, "Prefix") for path in roots), *((path, "Exact") for path in exact)]


def _annotations(rule: Rule, environment: Environment) -> dict[str, str]:
    target_group = {
        "deregistration_delay.timeout_seconds": SHUTDOWN_NOTICE_SECONDS + SHUTDOWN_GRACE_SECONDS,
        "stickiness.enabled": str(rule.sticky).lower(),
    }
    if rule.sticky:
        target_group["stickiness.type"] = "lb_cookie"
        target_group["stickiness.lb_cookie.duration_seconds"] = STICKY_SECONDS
    return balancer_annotations(
        environment,
        {
            "group.order": str(rule.priority),
            "target-group-attributes": ",".join(
                f"{key}={is_}" for key, is_ in target_group.items()
            ),
            "healthcheck-path": rule.service.health_path,
            "healthcheck-port": "traffic-port",
        },
    )


def balancer_annotations(environment: Environment, own: Mapping[str, str]) -> dict[str, str]:
    """For the AWS load balancer controller, v2.4 or newer; ``own`` are one target group's."""
    balancer = {
        "idle_timeout.timeout_seconds": IDLE_TIMEOUT_SECONDS,
        "deletion_protection.enabled": str(environment.deletion_protection).lower(),
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    shared = {
        # CloudFront alone comes, by its VPC origin, after the WAF: as in aws/balancer/stack.py.
        "scheme": "internal",
        "security-groups": "${BALANCER_SECURITY_GROUP_ID}",
        "group.name": environment.prefix,
        "listen-ports": json.dumps([{"HTTP": 80}, {"HTTPS": 443}]),
        "ssl-redirect": "443",
        "ssl-policy": TLS_POLICY,
        "certificate-arn": "${CERTIFICATE_ARN}",
        "load-balancer-attributes": ",".join(f"{key}={is_}" for key, is_ in balancer.items()),
        "target-type": "ip",
        "backend-protocol": "HTTP",
        "healthcheck-interval-seconds": str(HEALTH_INTERVAL_SECONDS),
        "healthcheck-timeout-seconds": str(HEALTH_TIMEOUT_SECONDS),
        "healthy-threshold-count": str(HEALTHY_THRESHOLD),
        "unhealthy-threshold-count": str(UNHEALTHY_THRESHOLD),
        "success-codes": "200",
    }
    return {f"{_ALB}/{key}": value for key, value in {**shared, **own}.items()}
