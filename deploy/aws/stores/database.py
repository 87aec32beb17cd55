"""The database stack: Aurora PostgreSQL, a writer, a standby, readers by load and for analytics."""

from collections.abc import Sequence
from typing import Any

from troposphere import GetAtt, Join, Output, Ref, Split, Sub, Template
from troposphere.rds import (
    DBCluster,
    DBClusterParameterGroup,
    DBInstance,
    DBParameterGroup,
    DBSubnetGroup,
    ServerlessV2ScalingConfiguration,
)

from deploy.aws.log_groups import add_log_group
from deploy.aws.network.security_groups import POSTGRES_PORT
from deploy.aws.stores.database_access import add_access
from deploy.aws.stores.database_proxy import add_proxy
from deploy.aws.stores.database_readers import add_analytics, add_reader_scaling
from deploy.aws.stores.instances import memory_gib
from deploy.aws.stores.passwords import add_password, resolve
from deploy.aws.template import add_export, import_value, new_template, tags_of
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service

ENGINE = "aurora-postgresql"
ENGINE_VERSION = "17.7"
FAMILY = "aurora-postgresql17"
NAME = "tiketi"
OWNER = "tiketi_owner"
# UTC: Korea sleeps, no sale opens.
BACKUP_WINDOW = "17:00-18:00"
MAINTENANCE_WINDOW = "tue:18:30-tue:19:30"
# An Aurora capacity unit is about 2 GiB. It never sinks to where waking takes seconds.
CAPACITY_UNIT_GIB = 2
CAPACITY_UNITS_MIN = 2
# Longer than any statement of ours (TIKETI_DATABASE_TIMEOUT_SECONDS); shorter than a sale.
IDLE_IN_TRANSACTION_MS = 30_000
SLOW_MS = 500


def make_database(environment: Environment, services: Sequence[Service] = SERVICES) -> Template:
    template = new_template(environment, "Aurora PostgreSQL, its log-ins, its readers by load")
    add_password(template, environment, "owner")
    _add_parameters(template, environment)
    template.add_resource(
        DBSubnetGroup(
            "DatabaseSubnets",
            DBSubnetGroupDescription=f"{environment.prefix}: the data subnets",
            SubnetIds=Split(",", import_value(environment, "DataSubnetIds")),
            Tags=tags_of(environment, "database"),
        )
    )
    add_log_group(
        template, environment, "DatabaseLogs", f"/aws/rds/cluster/{environment.prefix}/postgresql"
    )
    _add_cluster(template, environment)
    # Both of the highest tier: either may be the writer, the other is the standby.
    for name in ("Writer", "Standby"):
        add_instance(template, environment, name, promotion_tier=0)
    reader_host = add_analytics(template, environment)
    add_reader_scaling(template, environment)
    proxy_host = add_proxy(template, environment, services)
    add_access(
        template,
        environment,
        services,
        owner=OWNER,
        writer_host=proxy_host or "${Database.Endpoint.Address}",
        reader_host=reader_host,
        place=f":{POSTGRES_PORT}/{NAME}",
    )
    _add_outputs(template, environment)
    return template


def _add_parameters(template: Template, environment: Environment) -> None:
    template.add_resource(
        DBClusterParameterGroup(
            "ClusterParameters",
            Family=FAMILY,
            Description=f"{environment.prefix}: TLS only, idle transactions end, slow ones told",
            Parameters={
                "rds.force_ssl": "1",
                "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
                "log_min_duration_statement": str(SLOW_MS),
                "timezone": "UTC",
            },
            Tags=tags_of(environment, "database-cluster"),
        )
    )
    template.add_resource(
        DBParameterGroup(
            "InstanceParameters",
            Family=FAMILY,
            Description=f"{environment.prefix}: what waits for a lock is told",
            Parameters={"log_lock_waits": "1"},
            Tags=tags_of(environment, "database-instance"),
        )
    )


def _add_cluster(template: Template, environment: Environment) -> None:
    template.add_resource(
        DBCluster(
            "Database",
            Engine=ENGINE,
            EngineVersion=ENGINE_VERSION,
            # The log group's name, whose retention is ours, is made of it.
            DBClusterIdentifier=environment.prefix,
            DependsOn="DatabaseLogs",
            DatabaseName=NAME,
            Port=POSTGRES_PORT,
            MasterUsername=OWNER,
            MasterUserPassword=Sub(resolve("owner")),
            DBClusterParameterGroupName=Ref("ClusterParameters"),
            DBSubnetGroupName=Ref("DatabaseSubnets"),
            VpcSecurityGroupIds=[import_value(environment, "DatabaseSecurityGroupId")],
            BackupRetentionPeriod=environment.backup_days,
            PreferredBackupWindow=BACKUP_WINDOW,
            PreferredMaintenanceWindow=MAINTENANCE_WINDOW,
            CopyTagsToSnapshot=True,
            StorageEncrypted=True,
            EnableIAMDatabaseAuthentication=True,
            EnableCloudwatchLogsExports=["postgresql"],
            DeletionProtection=environment.deletion_protection,
            DeletionPolicy="Snapshot",
            UpdateReplacePolicy="Snapshot",
            Tags=tags_of(environment, "database"),
            **_serverless(environment),
        )
    )


def _serverless(environment: Environment) -> dict[str, Any]:
    """Units up to the memory of the instance that would be there instead."""
    if not environment.database_serverless:
        return {}
    units_max = memory_gib(environment.database_instance_class) // CAPACITY_UNIT_GIB
    return {
        "ServerlessV2ScalingConfiguration": ServerlessV2ScalingConfiguration(
            MinCapacity=CAPACITY_UNITS_MIN, MaxCapacity=units_max
        )
    }


def add_instance(
    template: Template, environment: Environment, name: str, promotion_tier: int
) -> DBInstance:
    serverless = environment.database_serverless
    return template.add_resource(
        DBInstance(
            name,
            Engine=ENGINE,
            DBClusterIdentifier=Ref("Database"),
            DBInstanceClass="db.serverless" if serverless else environment.database_instance_class,
            DBParameterGroupName=Ref("InstanceParameters"),
            PromotionTier=promotion_tier,
            PubliclyAccessible=False,
            AutoMinorVersionUpgrade=False,
            EnablePerformanceInsights=True,
            # The cluster has the data, and the snapshot.
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            Tags=tags_of(environment, name.lower()),
        )
    )


def _add_outputs(template: Template, environment: Environment) -> None:
    add_export(template, environment, "DatabaseId", Ref("Database"), "the cluster's identifier")
    writer = Join(":", [GetAtt("Database", "Endpoint.Address"), str(POSTGRES_PORT)])
    reader = Join(":", [GetAtt("Database", "ReadEndpoint.Address"), str(POSTGRES_PORT)])
    template.add_output(
        [
            Output("WriterEndpoint", Description="follows the writer", Value=writer),
            Output("ReaderEndpoint", Description="every reader, analytics' too", Value=reader),
        ]
    )
