"""Every rule over every document, in the order of the list."""

from collections.abc import Iterator

from deploy.check import (
    balancer,
    connections,
    kong,
    kubernetes,
    limits,
    lint,
    policies,
    ports,
    references,
    slots,
    stopping,
)
from deploy.check.finding import Finding, Rule
from deploy.emit import Documents
from deploy.environment import Environment

# A rule that is in neither list does not run.
QUICK_RULES: tuple[Rule, ...] = (
    *slots.RULES,
    *balancer.RULES,
    *ports.RULES,
    *references.RULES,
    *limits.RULES,
    *policies.RULES,
    *connections.RULES,
    *stopping.RULES,
    *kubernetes.RULES,
    *kong.RULES,
)
# cfn-lint takes ten seconds, all others together one.
RULES: tuple[Rule, ...] = (*QUICK_RULES, *lint.RULES)


def check_documents(
    documents: Documents, environment: Environment, rules: tuple[Rule, ...] = RULES
) -> Iterator[tuple[str, Finding]]:
    """Each finding with the name of the rule that made it."""
    for rule in rules:
        for finding in rule(documents, environment):
            yield getattr(rule, "__name__", repr(rule)), finding
