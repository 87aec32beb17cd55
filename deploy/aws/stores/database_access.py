"""A log-in for each service's role, and the owner's for the migration that makes the roles."""

from collections.abc import Sequence

from troposphere import Template

from deploy.aws.stores.passwords import add_json_secret, add_password, resolve
from deploy.containers import database_secret
from deploy.environment import Environment
from tiketi.services.registry import Service


def add_access(
    template: Template,
    environment: Environment,
    services: Sequence[Service],
    *,
    owner: str,
    writer_host: str,
    reader_host: str,
    place: str,
) -> None:
    """Hosts are texts for Sub. ``tiketi migrate`` gives the roles these very passwords."""
    for service in services:
        add_password(template, environment, service.role)
        log_in = f"postgresql://{service.role}:{resolve(service.role)}@"
        add_json_secret(
            template,
            environment,
            database_secret(service),
            f"the log-in of {service.role} at the writer and at the readers",
            {
                "url": f"{log_in}{writer_host}{place}",
                "reader_url": f"{log_in}{reader_host}{place}",
            },
        )
    add_password(template, environment, "admin")
    passwords = ",".join(f"{service.role}={resolve(service.role)}" for service in services)
    add_json_secret(
        template,
        environment,
        "migration",
        "the owner's log-in, the first admin's password, each role's",
        {
            # Past the proxy: it is made before there is anything to keep warm.
            "url": f"postgresql://{owner}:{resolve('owner')}@${{Database.Endpoint.Address}}{place}",
            "admin_password": resolve("admin"),
            "role_passwords": passwords,
        },
    )
