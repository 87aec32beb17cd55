"""RDS Proxy, an option: reconnecting after a fail-over, not fewer connections.

asyncpg's prepared statements pin its sessions (docs/connections.md).
"""

from collections.abc import Sequence

from troposphere import GetAtt, Join, Output, Ref, Split, Sub, Template
from troposphere.rds import (
    AuthFormat,
    ConnectionPoolConfigurationInfoFormat,
    DBProxy,
    DBProxyTargetGroup,
)
from troposphere.secretsmanager import Secret as StoredSecret

from deploy.aws.policies import add_role, allow
from deploy.aws.stores.passwords import resolve
from deploy.aws.template import import_value, tags_of, title
from deploy.containers import secret_path
from deploy.environment import Environment
from tiketi.services.registry import Service

IDLE_CLIENT_SECONDS = 1_800
CONNECTIONS_PERCENT = 90


def add_proxy(
    template: Template, environment: Environment, services: Sequence[Service]
) -> str | None:
    """Its host as a text for Sub; None where the environment has no proxy."""
    if not environment.database_proxy:
        return None
    log_ins = [_add_log_in(template, environment, service) for service in services]
    read = allow(["secretsmanager:GetSecretValue"], [Ref(log_in) for log_in in log_ins])
    role = add_role(template, environment, "ProxyRole", "rds", [read])
    proxy = template.add_resource(
        DBProxy(
            "Proxy",
            DBProxyName=environment.prefix,
            EngineFamily="POSTGRESQL",
            RequireTLS=True,
            IdleClientTimeout=IDLE_CLIENT_SECONDS,
            RoleArn=GetAtt(role, "Arn"),
            Auth=[
                AuthFormat(AuthScheme="SECRETS", IAMAuth="DISABLED", SecretArn=Ref(log_in))
                for log_in in log_ins
            ],
            VpcSecurityGroupIds=[import_value(environment, "DatabaseSecurityGroupId")],
            VpcSubnetIds=Split(",", import_value(environment, "DataSubnetIds")),
            Tags=tags_of(environment, "proxy"),
        )
    )
    template.add_resource(
        DBProxyTargetGroup(
            "ProxyTargets",
            DBProxyName=Ref(proxy),
            TargetGroupName="default",
            DBClusterIdentifiers=[Ref("Database")],
            ConnectionPoolConfigurationInfo=ConnectionPoolConfigurationInfoFormat(
                MaxConnectionsPercent=CONNECTIONS_PERCENT
            ),
            DependsOn=["Writer", "Standby"],
        )
    )
    endpoint = GetAtt(proxy, "Endpoint")
    template.add_output(
        Output("ProxyEndpoint", Description="before the writer", Value=Join("", [endpoint]))
    )
    return "${Proxy.Endpoint}"


def _add_log_in(template: Template, environment: Environment, service: Service) -> StoredSecret:
    """The proxy takes a user and a password, not a URL."""
    role = service.role
    return template.add_resource(
        StoredSecret(
            f"Proxy{title(role)}",
            Name=secret_path(environment, f"proxy-{role}"),
            Description=f"the log-in of {role}, for RDS Proxy",
            SecretString=Sub(f'{{"username":"{role}","password":"{resolve(role)}"}}'),
            Tags=tags_of(environment, f"proxy-{role}"),
        )
    )
