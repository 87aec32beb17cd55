"""cfn-lint over every template: whatever it says, a warning too, is a finding."""

from collections.abc import Iterator
from functools import cache

from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.runner import Runner

from deploy.aws.stacks import STACKS
from deploy.check.finding import Finding
from deploy.check.templates import read_templates
from deploy.emit import Documents
from deploy.environment import Environment

# Rule → why it does not hold here. Nothing is left out so far.
LEFT_OUT: dict[str, str] = {}


def templates_are_lint_free(documents: Documents, environment: Environment) -> Iterator[Finding]:
    regions = {stack.path: stack.region or environment.region for stack in STACKS}
    for path, _ in read_templates(documents):
        yield from _lint(path, documents[path], regions.get(path, environment.region))


def _lint(path: str, text: str, region: str) -> Iterator[Finding]:
    template, unreadable = decode_str(text)
    for match in unreadable or _runner(region).validate_template(template):
        place = "/".join(str(part) for part in match.path or ()) or f"line {match.linenumber}"
        yield Finding(path, place, f"{match.rule.id} {match.message}")


@cache
def _runner(region: str) -> Runner:
    """Reading the rules takes longer than most templates do: once a region."""
    return Runner(ConfigMixIn(regions=[region], ignore_checks=list(LEFT_OUT)))


RULES = (templates_are_lint_free,)
