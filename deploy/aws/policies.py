"""IAM statements and roles. A ``*`` stands with its reason, which the checks look for."""

from collections.abc import Sequence
from typing import Any

from troposphere import Template
from troposphere.iam import Policy, Role

from deploy.aws.template import tags_of
from deploy.environment import Environment

# Actions that know no resource, or none that is known beforehand, by why: the only ones that may
# have the resource "*" (Service Authorization Reference).
UNBOUND_ACTIONS = {
    "ecr:GetAuthorizationToken": "the token is the registry's, not a repository's",
    "elasticloadbalancing:DescribeListeners": "describing knows no resource",
    "elasticloadbalancing:DescribeRules": "describing knows no resource",
    "elasticloadbalancing:DescribeTargetGroups": "describing knows no resource",
    "elasticloadbalancing:DescribeTargetHealth": "describing knows no resource",
    "logs:DescribeLogGroups": "flow logs look their group up among all",
}
Statement = dict[str, Any]


def allow(actions: Sequence[str], resources: Any) -> Statement:
    return {"Effect": "Allow", "Action": sorted(actions), "Resource": resources}


def allow_unbound(*actions: str) -> Statement:
    """Raises KeyError for an action whose reason is not in the list."""
    for action in actions:
        UNBOUND_ACTIONS[action]
    return allow(actions, "*")


def trust(*services: str) -> dict[str, Any]:
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        for service in services
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def add_role(
    template: Template,
    environment: Environment,
    logical_name: str,
    service: str,
    statements: Sequence[Statement],
) -> Role:
    """A role that one AWS service takes on; CloudFormation names it."""
    policies = [
        Policy(
            PolicyName="inline",
            PolicyDocument={"Version": "2012-10-17", "Statement": list(statements)},
        )
    ]
    return template.add_resource(
        Role(
            logical_name,
            AssumeRolePolicyDocument=trust(service),
            Policies=policies if statements else [],
            Tags=tags_of(environment, logical_name.lower()),
        )
    )
