"""Every stack in the order of deployment, and the documents that they make."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from troposphere import Template

from deploy.aws.balancer.stack import make_balancer
from deploy.aws.edge.certificates import make_certificate
from deploy.aws.edge.dns import make_dns
from deploy.aws.edge.global_stack import make_edge_global
from deploy.aws.edge.stack import make_edge
from deploy.aws.network.stack import make_network
from deploy.aws.observability.stack import make_observability
from deploy.aws.observability.store_alarms import make_store_alarms
from deploy.aws.services.cluster import make_cluster
from deploy.aws.services.scaling import make_scaling
from deploy.aws.services.stack import make_services
from deploy.aws.stores.database import make_database
from deploy.aws.stores.redis import make_redis
from deploy.aws.stores.secrets import make_secrets
from deploy.aws.template import render_template
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service

Kind = Literal["shared", "ecs"]
# CloudFront takes its certificate and its web ACL from there alone.
CLOUDFRONT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Stack:
    """``region``: None is the environment's own."""

    name: str
    kind: Kind
    make: Callable[[Environment, Sequence[Service]], Template]
    region: str | None = None

    @property
    def path(self) -> str:
        return f"aws/{self.name}.json"


# Each imports only from those before it.
STACKS: tuple[Stack, ...] = (
    Stack("dns", "shared", make_dns),
    Stack("edge-global", "shared", make_edge_global, CLOUDFRONT_REGION),
    Stack("certificate", "shared", make_certificate),
    Stack("network", "shared", make_network),
    Stack("secrets", "shared", make_secrets),
    Stack("database", "shared", make_database),
    Stack("redis", "shared", make_redis),
    Stack("store-alarms", "shared", make_store_alarms),
    Stack("balancer", "ecs", make_balancer),
    Stack("cluster", "ecs", make_cluster),
    Stack("services", "ecs", make_services),
    Stack("scaling", "ecs", make_scaling),
    Stack("edge", "shared", make_edge),
    Stack("observability", "ecs", make_observability),
)


def make_stacks(
    kind: Kind, environment: Environment, services: Sequence[Service] = SERVICES
) -> dict[str, str]:
    return {
        stack.path: render_template(stack.make(environment, services))
        for stack in STACKS
        if stack.kind == kind
    }


def make_shared(environment: Environment, services: Sequence[Service] = SERVICES) -> dict[str, str]:
    """What ECS and EKS both stand on."""
    return make_stacks("shared", environment, services)


def make_ecs(environment: Environment, services: Sequence[Service] = SERVICES) -> dict[str, str]:
    return make_stacks("ecs", environment, services)
