"""The routing table as listener rules."""

from collections.abc import Sequence

from troposphere import Ref, Template
from troposphere.elasticloadbalancingv2 import (
    Condition,
    ForwardConfig,
    HostHeaderConfig,
    Listener,
    ListenerRule,
    ListenerRuleAction,
    PathPatternConfig,
    TargetGroup,
    TargetGroupTuple,
)

from deploy.aws.template import add_export, title
from deploy.environment import Environment
from deploy.routing import Rule

WEIGHT_ALL = 100


def add_rule(
    template: Template,
    environment: Environment,
    listener: Listener,
    rule: Rule,
    groups: Sequence[TargetGroup],
) -> None:
    """A shifted deployment moves the weights; at rest the first group has all."""
    weighted = [
        TargetGroupTuple(TargetGroupArn=Ref(group), Weight=0 if place else WEIGHT_ALL)
        for place, group in enumerate(groups)
    ]
    name = title(rule.service.name)
    made = template.add_resource(
        ListenerRule(
            f"{name}Rule",
            ListenerArn=Ref(listener),
            Priority=rule.priority,
            Conditions=_conditions(rule, environment),
            Actions=[
                ListenerRuleAction(
                    Type="forward", ForwardConfig=ForwardConfig(TargetGroups=weighted)
                )
            ],
        )
    )
    add_export(template, environment, f"{name}RuleArn", Ref(made), f"of {rule.service.name}")


def _conditions(rule: Rule, environment: Environment) -> list[Condition]:
    """Only the admin host is one of its own: the site and its administrators' pages call the API
    at the host that they came from.
    """
    paths = Condition(
        Field="path-pattern", PathPatternConfig=PathPatternConfig(Values=list(rule.paths))
    )
    if rule.host != "admin":
        return [paths]
    hosts = HostHeaderConfig(Values=[environment.admin_host])
    return [Condition(Field="host-header", HostHeaderConfig=hosts), paths]
