"""Generated passwords, and the URLs that are made of them: nobody reads or types either.

CloudFormation resolves ``{{resolve:secretsmanager:…}}`` while it writes the URL's secret, so that
the password stands in no template and no parameter. It does so when a secret's text changes, not
when a password does: docs/deploy.md says how to change one.
"""

from typing import Any

from troposphere import Ref, Sub, Template
from troposphere.secretsmanager import GenerateSecretString
from troposphere.secretsmanager import Secret as StoredSecret

from deploy.aws.stores.secrets import secret_export
from deploy.aws.template import add_export, tags_of, title
from deploy.containers import secret_path
from deploy.environment import Environment

# Letters and digits alone: it stands in a URL, unquoted. 48 of them are 285 bits.
PASSWORD_CHARACTERS = 48


def add_password(template: Template, environment: Environment, name: str) -> StoredSecret:
    return template.add_resource(
        StoredSecret(
            f"{title(name)}Password",
            Name=secret_path(environment, f"password-{name}"),
            Description=f"the password of {name}, made here",
            GenerateSecretString=GenerateSecretString(
                ExcludePunctuation=True, PasswordLength=PASSWORD_CHARACTERS
            ),
            Tags=tags_of(environment, f"password-{name}"),
        )
    )


def resolve(name: str) -> str:
    """For a Sub: the password that ``add_password`` made under that name."""
    return f"{{{{resolve:secretsmanager:${{{title(name)}Password}}:SecretString}}}}"


def add_json_secret(
    template: Template, environment: Environment, name: str, about: str, values: dict[str, str]
) -> None:
    """A secret of texts for Sub, by key, exported. The values need no JSON quoting."""
    pairs = ",".join(f'"{key}":"{value}"' for key, value in values.items())
    stored = template.add_resource(
        StoredSecret(
            f"{title(name)}Secret",
            Name=secret_path(environment, name),
            Description=about,
            SecretString=Sub(f"{{{pairs}}}"),
            Tags=tags_of(environment, name),
        )
    )
    reference: Any = Ref(stored)
    add_export(template, environment, secret_export(name), reference, about)
