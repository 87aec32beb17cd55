"""A service's port: the registry's, and the same wherever AWS is told of it."""

from collections.abc import Iterator
from typing import Any

from deploy.aws.template import title
from deploy.check.finding import Finding
from deploy.check.templates import resources
from deploy.emit import Documents
from deploy.environment import Environment
from tiketi.services.registry import SERVICES

# Path, place, port.
_Port = tuple[str, str, int]


def aws_ports_agree(documents: Documents, _environment: Environment) -> Iterator[Finding]:
    for service in SERVICES:
        found = [
            *_of_task(documents, service.name),
            *_of_service(documents, service.name),
            *_of_target_groups(documents, title(service.name)),
            *_of_security_group(documents, title(service.name)),
        ]
        for path, place, port in found:
            if port != service.port:
                yield Finding(path, place, f"port {port}, the registry has {service.port}")


def aws_health_checks_agree(documents: Documents, _environment: Environment) -> Iterator[Finding]:
    """Both the balancer and the container ask where the service answers."""
    paths = {title(service.name): service.health_path for service in SERVICES}
    for path, name, group in resources(documents, "AWS::ElasticLoadBalancingV2::TargetGroup"):
        wanted = paths.get(name.partition("Target")[0])
        if group["HealthCheckPath"] != wanted:
            asked = group["HealthCheckPath"]
            yield Finding(path, name, f"asks {asked}, the registry has {wanted}")


def _of_task(documents: Documents, service: str) -> Iterator[_Port]:
    for path, name, task in resources(documents, "AWS::ECS::TaskDefinition"):
        for container in task["ContainerDefinitions"]:
            if container["Name"] != service:
                continue
            for mapping in container.get("PortMappings", ()):
                yield path, f"{name} PortMappings", mapping["ContainerPort"]
            for variable in container["Environment"]:
                if variable["Name"] == "TIKETI_PORT":
                    yield path, f"{name} TIKETI_PORT", int(variable["Value"])
            yield path, f"{name} HealthCheck", _asked_port(container["HealthCheck"])


def _asked_port(check: dict[str, Any]) -> int:
    """Of http://127.0.0.1:port/…; 0 if it asks elsewhere."""
    _, found, rest = " ".join(check["Command"]).partition("http://127.0.0.1:")
    digits = rest.partition("/")[0]
    return int(digits) if found and digits.isdigit() else 0


def _of_service(documents: Documents, service: str) -> Iterator[_Port]:
    for path, name, running in resources(documents, "AWS::ECS::Service"):
        for target in running["LoadBalancers"]:
            if target["ContainerName"] == service:
                yield path, f"{name} LoadBalancers", target["ContainerPort"]


def _of_target_groups(documents: Documents, name: str) -> Iterator[_Port]:
    for path, logical, group in resources(documents, "AWS::ElasticLoadBalancingV2::TargetGroup"):
        if logical.partition("Target")[0] == name:
            yield path, logical, group["Port"]


def _of_security_group(documents: Documents, name: str) -> Iterator[_Port]:
    for way, ending in (("Ingress", "In"), ("Egress", "Out")):
        for path, logical, rule in resources(documents, f"AWS::EC2::SecurityGroup{way}"):
            if logical == f"BalancerTo{name}{ending}":
                yield path, logical, rule["FromPort"]
                yield path, logical, rule["ToPort"]


RULES = (aws_ports_agree, aws_health_checks_agree)
