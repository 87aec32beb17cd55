"""What one stack names of another is there; a container's secrets are, and are its own."""

from collections.abc import Iterator
from typing import Any

from deploy.aws.stacks import STACKS
from deploy.aws.stores.secrets import secret_export
from deploy.check.finding import Finding
from deploy.check.templates import exports, imports, read_templates, resources
from deploy.containers import migration_secrets, secrets, secrets_of
from deploy.emit import Documents
from deploy.environment import Environment
from tiketi.services.registry import SERVICES


def imports_are_exported_before(
    documents: Documents, environment: Environment
) -> Iterator[Finding]:
    """By a stack that is deployed earlier, in the same region."""
    order = {stack.path: place for place, stack in enumerate(STACKS)}
    regions = {stack.path: stack.region or environment.region for stack in STACKS}
    exporters = {name: path for path, name, _ in exports(documents)}
    for path, template in read_templates(documents):
        for name in sorted(set(imports(template))):
            exporter = exporters.get(name)
            if exporter is None:
                yield Finding(path, name, "is exported by nobody")
            elif regions.get(exporter) != regions.get(path):
                yield Finding(path, name, f"is exported in another region, by {exporter}")
            elif order.get(exporter, 0) >= order.get(path, 0):
                yield Finding(path, name, f"is exported by {exporter}, which comes later")


def exported_names_are_unique(documents: Documents, _environment: Environment) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for path, name, _ in exports(documents):
        if name in owners:
            yield Finding(path, name, f"is exported by {owners[name]} too")
        owners[name] = path


def task_secrets_exist(documents: Documents, environment: Environment) -> Iterator[Finding]:
    """Each container is given what containers.py lists for it: a secret and a key that are."""
    keys = {
        f"{environment.prefix}-{secret_export(secret.name)}": secret.keys for secret in secrets()
    }
    wanted = {service.name: {v.variable for v in secrets_of(service)} for service in SERVICES}
    wanted["migration"] = {value.variable for value in migration_secrets()}
    for path, name, task in resources(documents, "AWS::ECS::TaskDefinition"):
        for container in task["ContainerDefinitions"]:
            given = container.get("Secrets", [])
            for secret in given:
                yield from _missing(path, name, secret, keys)
            absent = wanted.get(container["Name"], set()) - {secret["Name"] for secret in given}
            for variable in sorted(absent):
                yield Finding(path, name, f"{container['Name']} is not given {variable}")


def _missing(
    path: str, name: str, secret: dict[str, Any], keys: dict[str, tuple[str, ...]]
) -> Iterator[Finding]:
    reference, key = secret["ValueFrom"]["Fn::Join"][1]
    exported = reference["Fn::ImportValue"]
    if exported not in keys:
        yield Finding(path, name, f"{secret['Name']}: there is no secret {exported}")
    elif key.strip(":") not in keys[exported]:
        yield Finding(path, name, f"{secret['Name']}: {exported} has no key {key.strip(':')}")


def tasks_read_their_own_secrets(
    documents: Documents, _environment: Environment
) -> Iterator[Finding]:
    """A task's execution role may read what its containers are given, and nothing beside."""
    roles = {name: role for _, name, role in resources(documents, "AWS::IAM::Role")}
    for path, name, task in resources(documents, "AWS::ECS::TaskDefinition"):
        given = set(imports([c.get("Secrets", []) for c in task["ContainerDefinitions"]]))
        role = task["ExecutionRoleArn"]["Fn::GetAtt"][0]
        allowed = {
            imported
            for policy in roles.get(role, {}).get("Policies", ())
            for statement in policy["PolicyDocument"]["Statement"]
            if "secretsmanager:GetSecretValue" in statement["Action"]
            for imported in imports(statement["Resource"])
        }
        for secret in sorted(given - allowed):
            yield Finding(path, name, f"{role} may not read {secret}")
        for secret in sorted(allowed - given):
            yield Finding(path, name, f"{role} may read {secret}, which the task is not given")


RULES = (
    imports_are_exported_before,
    exported_names_are_unique,
    task_secrets_exist,
    tasks_read_their_own_secrets,
)
