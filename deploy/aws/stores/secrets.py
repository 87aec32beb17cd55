"""The secrets stack: what a person has to put there. CloudFormation makes them empty, once.

What the stores' stacks know by themselves (log-ins, the AUTH token) they put there by themselves.
"""

from collections.abc import Sequence

from troposphere import Ref, Template
from troposphere.secretsmanager import Secret as StoredSecret

from deploy.aws.template import add_export, new_template, tags_of, title
from deploy.containers import Secret, secret_path, secrets
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service

# Of containers.secrets(): by the stores' stacks.
_MADE_ELSEWHERE = ("redis", "migration")


def secret_export(name: str) -> str:
    return f"{title(name)}SecretArn"


def put_by_hand(services: Sequence[Service]) -> tuple[Secret, ...]:
    return tuple(
        secret
        for secret in secrets(services)
        if secret.name not in _MADE_ELSEWHERE and not secret.name.startswith("database-")
    )


def make_secrets(environment: Environment, services: Sequence[Service] = SERVICES) -> Template:
    template = new_template(environment, "the secrets that a person puts there")
    for secret in put_by_hand(services):
        stored = template.add_resource(
            StoredSecret(
                title(secret.name),
                Name=secret_path(environment, secret.name),
                Description=f"{secret.about}; JSON with {', '.join(secret.keys)}",
                DeletionPolicy="Retain",
                UpdateReplacePolicy="Retain",
                Tags=tags_of(environment, secret.name),
            )
        )
        add_export(template, environment, secret_export(secret.name), Ref(stored), secret.about)
    return template
