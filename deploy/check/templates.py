"""CloudFormation templates as the rules look at them."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from deploy.emit import Documents

FOLDER = "aws/"
# Resources by logical name: {"Type": …, "Properties": …}.
Resource = dict[str, Any]


def read_templates(documents: Documents) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and template, in the order of the paths."""
    for path, text in sorted(documents.items()):
        if path.startswith(FOLDER) and path.endswith(".json"):
            yield path, _parse(text)


@lru_cache(maxsize=64)
def _parse(text: str) -> dict[str, Any]:
    """Rules read and do not write, so one parse serves them all."""
    template: dict[str, Any] = json.loads(text)
    return template


def resources(documents: Documents, kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, logical name and properties of each resource of the type."""
    for path, template in read_templates(documents):
        for name, resource in template.get("Resources", {}).items():
            if resource["Type"] == kind:
                yield path, name, resource.get("Properties", {})


def walk(value: Any) -> Iterator[Any]:
    """The value and everything in it."""
    yield value
    if isinstance(value, dict):
        for part in value.values():
            yield from walk(part)
    elif isinstance(value, list):
        for part in value:
            yield from walk(part)


def imports(value: Any) -> Iterator[str]:
    """The names that the value imports."""
    for part in walk(value):
        if isinstance(part, dict) and "Fn::ImportValue" in part:
            yield part["Fn::ImportValue"]


def exports(documents: Documents) -> Iterator[tuple[str, str, Any]]:
    """Path, exported name and value."""
    for path, template in read_templates(documents):
        for output in template.get("Outputs", {}).values():
            if "Export" in output:
                yield path, output["Export"]["Name"], output["Value"]
