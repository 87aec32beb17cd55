"""Where a rule's requests go: the tasks of a service, and the next version's beside them."""

from troposphere import GetAtt, Ref, Template
from troposphere.elasticloadbalancingv2 import Matcher, TargetGroup, TargetGroupAttribute

from deploy.aws.deployment import is_shifted
from deploy.aws.template import add_export, import_value, tags_of, title
from deploy.containers import SHUTDOWN_GRACE_SECONDS, SHUTDOWN_NOTICE_SECONDS
from deploy.environment import Environment
from deploy.routing import (
    HEALTH_INTERVAL_SECONDS,
    HEALTH_TIMEOUT_SECONDS,
    HEALTHY_THRESHOLD,
    STICKY_SECONDS,
    UNHEALTHY_THRESHOLD,
    Rule,
)
from tiketi.services.registry import Service

# A task that leaves answers what it was asked, and no longer.
DEREGISTRATION_DELAY_SECONDS = SHUTDOWN_NOTICE_SECONDS + SHUTDOWN_GRACE_SECONDS


def add_target_groups(
    template: Template, environment: Environment, rule: Rule
) -> tuple[TargetGroup, ...]:
    """One, or two where a deployment shifts its requests from one to the other."""
    service = rule.service
    names = target_names(service)
    groups = tuple(_add_group(template, environment, rule, name) for name in names)
    for group, name in zip(groups, names, strict=True):
        add_export(template, environment, f"{name}Arn", Ref(group), f"tasks of {service.name}")
        full_name = GetAtt(group, "TargetGroupFullName")
        add_export(template, environment, f"{name}Name", full_name, "as its metrics are called")
    return groups


def target_names(service: Service) -> tuple[str, ...]:
    """Of a service's groups. From one shifted deployment to the next they change places."""
    suffixes = ("", "Next") if is_shifted(service) else ("",)
    return tuple(f"{title(service.name)}Target{suffix}" for suffix in suffixes)


def _add_group(template: Template, environment: Environment, rule: Rule, name: str) -> TargetGroup:
    service = rule.service
    return template.add_resource(
        TargetGroup(
            name,
            TargetType="ip",
            Protocol="HTTP",
            Port=service.port,
            VpcId=import_value(environment, "VpcId"),
            HealthCheckPath=service.health_path,
            HealthCheckIntervalSeconds=HEALTH_INTERVAL_SECONDS,
            HealthCheckTimeoutSeconds=HEALTH_TIMEOUT_SECONDS,
            HealthyThresholdCount=HEALTHY_THRESHOLD,
            UnhealthyThresholdCount=UNHEALTHY_THRESHOLD,
            Matcher=Matcher(HttpCode="200"),
            TargetGroupAttributes=[
                TargetGroupAttribute(Key=key, Value=value)
                for key, value in _attributes(rule).items()
            ],
            Tags=tags_of(environment, service.name),
        )
    )


def _attributes(rule: Rule) -> dict[str, str]:
    found = {
        "deregistration_delay.timeout_seconds": str(DEREGISTRATION_DELAY_SECONDS),
        "stickiness.enabled": str(rule.sticky).lower(),
    }
    if rule.sticky:
        found["stickiness.type"] = "lb_cookie"
        found["stickiness.lb_cookie.duration_seconds"] = str(STICKY_SECONDS)
    else:
        # A crowd's requests differ in cost a hundredfold: the least busy task takes the next.
        found["load_balancing.algorithm.type"] = "least_outstanding_requests"
    return found
