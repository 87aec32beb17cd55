"""The load balancer's rules: their order, and how many AWS allows of what.

Source: AWS, "Quotas for your Application Load Balancers". (Read.)
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from deploy.aws.deployment import tasks_while_deploying
from deploy.check.finding import Finding
from deploy.check.templates import resources
from deploy.emit import Documents
from deploy.environment import Environment
from tiketi.services.registry import SERVICES

RULES_MAX = 100
TARGET_GROUPS_MAX = 100
CONDITION_VALUES_MAX = 5
WILDCARDS_MAX = 6
TARGETS_MAX = 1_000
_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"


def priorities_are_unique(documents: Documents, _environment: Environment) -> Iterator[Finding]:
    found = [(path, name, rule["Priority"]) for path, name, rule in resources(documents, _RULE)]
    times = Counter(priority for _, _, priority in found)
    for path, name, priority in found:
        if times[priority] > 1:
            yield Finding(path, name, f"priority {priority} is another rule's too")


def balancer_keeps_its_quotas(documents: Documents, _environment: Environment) -> Iterator[Finding]:
    rules = list(resources(documents, _RULE))
    groups = list(resources(documents, "AWS::ElasticLoadBalancingV2::TargetGroup"))
    for found, most, what in (
        (rules, RULES_MAX, "rules"),
        (groups, TARGET_GROUPS_MAX, "target groups"),
    ):
        if len(found) > most:
            yield Finding(found[0][0], "", f"{len(found)} {what}, a load balancer takes {most}")
    for path, name, rule in rules:
        values = list(_values(rule))
        if len(values) > CONDITION_VALUES_MAX:
            message = f"{len(values)} condition values, a rule takes {CONDITION_VALUES_MAX}"
            yield Finding(path, name, message)
        wildcards = sum(value.count("*") + value.count("?") for value in values)
        if wildcards > WILDCARDS_MAX:
            yield Finding(path, name, f"{wildcards} wildcards, a rule takes {WILDCARDS_MAX}")


def balancer_takes_every_task(documents: Documents, environment: Environment) -> Iterator[Finding]:
    """With each service at its most, and every deployment under way at once."""
    tasks = sum(tasks_while_deploying(service, environment) for service in SERVICES)
    for path, name, _ in resources(documents, "AWS::ElasticLoadBalancingV2::LoadBalancer"):
        if tasks > TARGETS_MAX:
            yield Finding(path, name, f"{tasks} tasks, a load balancer takes {TARGETS_MAX}")


def _values(rule: dict[str, Any]) -> Iterator[str]:
    for condition in rule["Conditions"]:
        for part in condition.values():
            if isinstance(part, dict):
                yield from part.get("Values", ())


RULES = (priorities_are_unique, balancer_keeps_its_quotas, balancer_takes_every_task)
