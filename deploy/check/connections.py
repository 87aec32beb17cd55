"""Connections to PostgreSQL: every service at its most, and a new version of all beside it."""

from collections.abc import Iterator

from deploy.aws.deployment import tasks_while_deploying
from deploy.aws.stores.instances import max_connections
from deploy.check.finding import Finding
from deploy.check.templates import resources
from deploy.emit import Documents
from deploy.environment import Environment
from tiketi.services.connections import needs_proxy
from tiketi.services.registry import SERVICES


def pools_fit_the_database(documents: Documents, environment: Environment) -> Iterator[Finding]:
    """The writer's sum on the writer, the readers' on the standby alone: it is what is left when
    scaling has not yet added one.
    """
    databases = list(resources(documents, "AWS::RDS::DBCluster"))
    if not databases:
        return
    path, name, _ = databases[0]
    try:
        most = max_connections(environment.database_instance_class)
    except KeyError:
        unknown = f"{environment.database_instance_class} is not in deploy/aws/stores/instances.py"
        yield Finding(path, name, unknown)
        return
    for endpoint, needed in needed_connections(environment).items():
        if needs_proxy(needed, most):
            message = f"the {endpoint} needs {needed} connections, {most} are there"
            yield Finding(path, name, message)


def needed_connections(environment: Environment) -> dict[str, int]:
    """By endpoint, with a process a core and every deployment under way at once."""
    needed = {"writer": 0, "reader": 0}
    for service in SERVICES:
        processes = tasks_while_deploying(service, environment) * service.vcpu
        needed["writer"] += processes * service.pools.writer
        needed["reader"] += processes * service.pools.reader
    return needed


RULES = (pools_fit_the_database,)
