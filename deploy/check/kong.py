"""What has to hold of Kong's configuration, which no Kong has read yet."""

from collections.abc import Iterator

import yaml
from pydantic import ValidationError

from deploy.check.finding import Finding
from deploy.emit import Documents
from deploy.environment import Environment
from deploy.kong.configuration import PATH
from deploy.kong.models import Configuration
from deploy.routing import rules


def kong_is_valid(documents: Documents, _environment: Environment) -> Iterator[Finding]:
    """By the models of the part that we use, references included."""
    if PATH not in documents:
        return
    try:
        Configuration.model_validate(yaml.safe_load(documents[PATH]))
    except ValidationError as error:
        for one in error.errors():
            yield Finding(PATH, ".".join(str(part) for part in one["loc"]), one["msg"])


def kong_agrees_with_the_registry(
    documents: Documents, _environment: Environment
) -> Iterator[Finding]:
    """Every path of the balancer's is routed to the same service, at the registry's port."""
    if PATH not in documents:
        return
    document = yaml.safe_load(documents[PATH])
    upstreams = {
        upstream["name"]: {
            int(target["target"].rpartition(":")[2]) for target in upstream["targets"]
        }
        for upstream in document["upstreams"]
    }
    routed = {
        path: service["host"]
        for service in document["services"]
        for route in service["routes"]
        for path in route["paths"]
    }
    for rule in rules():
        if rule.host != "api":
            continue
        name, port = rule.service.name, rule.service.port
        if upstreams.get(name) != {port}:
            yield Finding(PATH, name, f"targets at {upstreams.get(name)}, not {port}")
        for path in rule.paths:
            if routed.get(path.removesuffix("/*")) != name:
                yield Finding(PATH, path, f"is not routed to {name}")


RULES = (kong_is_valid, kong_agrees_with_the_registry)
