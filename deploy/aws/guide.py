"""The stacks as a page: in which order, with which parameters, and what each gives."""

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.aws.stacks import STACKS, Stack
from deploy.environment import Environment
from tiketi.services.registry import SERVICES

PATH = "aws/README.md"
# Inline a template may have 51,200 bytes; from a bucket a million.
_COMMAND = (
    "aws cloudformation deploy --region {region} --stack-name {name} --template-file {file}",
    '--s3-bucket "$TEMPLATES" --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset',
)
# What has to be done by hand before the stack of that name.
_BEFORE = {
    "edge-global": "The registrar names the name servers of `dns` first: certificates wait for it.",
    "certificate": "It waits for the registrar, as the one before.",
    "cluster": "Put what `secrets` left empty: docs/deploy.md says how.",
    "services": "Run the migration's task first, at every version: docs/deploy.md has the command.",
}


def make_guide(environment: Environment) -> dict[str, str]:
    return {PATH: describe_stacks(environment)}


def describe_stacks(environment: Environment) -> str:
    """In the order of deployment; nothing of it is different the second time."""
    lines = [
        f"# The stacks of {environment.name}",
        "",
        "One after the other, in the folder of the templates. `$TEMPLATES` is a bucket of the",
        "stack's region, since some templates are too large to be handed over without one. Each",
        "parameter is a variable of its name; those with a default need not be given.",
        "",
    ]
    for place, stack in enumerate(STACKS, start=1):
        lines += _describe(environment, place, stack)
    return "\n".join(lines).rstrip() + "\n"


def _describe(environment: Environment, place: int, stack: Stack) -> Iterator[str]:
    template = stack.make(environment, SERVICES).to_dict()
    parameters = template.get("Parameters", {})
    yield f"## {place}. {stack.name}"
    yield ""
    about = template["Description"].partition(": ")[2]
    yield f"{about[0].upper()}{about[1:]}."
    if stack.kind == "ecs":
        yield "On ECS only."
    if stack.name in _BEFORE:
        yield _BEFORE[stack.name]
    yield ""
    yield "```sh"
    yield " \\\n  ".join(_command(environment, stack, parameters))
    yield "```"
    yield ""
    if parameters:
        yield from _table(("parameter", "default", ""), _parameter_rows(parameters))
    if template.get("Outputs"):
        rows = ((f"`{name}`", out["Description"]) for name, out in template["Outputs"].items())
        yield from _table(("output", ""), rows)


def _command(environment: Environment, stack: Stack, parameters: Mapping[str, Any]) -> list[str]:
    filled = [
        part.format(
            region=stack.region or environment.region,
            name=f"{environment.prefix}-{stack.name}",
            file=f"{stack.name}.json",
        )
        for part in _COMMAND
    ]
    asked = [f'{name}="${name}"' for name, made in parameters.items() if "Default" not in made]
    return [*filled, f"--parameter-overrides {' '.join(asked)}"] if asked else filled


def _parameter_rows(parameters: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, made in parameters.items():
        default = f"`{made['Default']}`" if made.get("Default") else ""
        yield f"`{name}`", default, made["Description"]


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in sorted(rows):
        yield f"| {' | '.join(row)} |"
    yield ""
