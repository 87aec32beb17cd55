"""IAM: nothing is allowed with a ``*`` unless the reason stands beside it."""

from collections.abc import Iterator
from typing import Any

from deploy.aws.policies import UNBOUND_ACTIONS
from deploy.check.finding import Finding
from deploy.check.templates import read_templates, walk
from deploy.emit import Documents
from deploy.environment import Environment

# Resources that end in a star, by what stands before it, and why.
_ENDINGS = {
    "s3": "every object of one bucket: objects are not known beforehand",
}


def policies_have_no_star_without_a_reason(
    documents: Documents, _environment: Environment
) -> Iterator[Finding]:
    """Only what is allowed counts: what is denied to everybody is denied."""
    for path, template in read_templates(documents):
        for name, resource in template.get("Resources", {}).items():
            for statement in _statements(resource):
                for message in _stars(statement):
                    yield Finding(path, name, message)


def _statements(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in walk(resource.get("Properties", {})):
        if isinstance(part, dict) and part.get("Effect") == "Allow":
            yield part


def _stars(statement: dict[str, Any]) -> Iterator[str]:
    actions = _listed(statement.get("Action"))
    for action in actions:
        if "*" in str(action):
            yield f"allows the action {action}"
    for resource in _listed(statement.get("Resource")):
        if resource == "*":
            for action in actions:
                if action not in UNBOUND_ACTIONS:
                    yield f"allows {action} on every resource"
        elif _ends_in_a_star(resource) and {a.partition(":")[0] for a in actions} - set(_ENDINGS):
            yield f"allows {', '.join(actions)} on {resource}"
    if statement.get("Principal") == "*":
        yield f"allows everybody {', '.join(actions)}"


def _ends_in_a_star(resource: Any) -> bool:
    return any(isinstance(part, str) and part.endswith("*") for part in walk(resource))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


RULES = (policies_have_no_star_without_a_reason,)
