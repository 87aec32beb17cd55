"""The redis stack: ElastiCache in cluster mode, its shards' slots as infra/keyspace.py has them."""

from collections.abc import Sequence

from troposphere import GetAtt, Join, Output, Ref, Split, Sub, Template, logs
from troposphere.elasticache import (
    CloudWatchLogsDestinationDetails,
    DestinationDetails,
    LogDeliveryConfigurationRequest,
    NodeGroupConfiguration,
    ParameterGroup,
    ReplicationGroup,
    SubnetGroup,
)
from troposphere.sns import Topic

from deploy.aws.network.security_groups import REDIS_PORT
from deploy.aws.stores.passwords import add_json_secret, add_password, resolve
from deploy.aws.template import import_value, new_template, tags_of
from deploy.environment import Environment
from tiketi.infra.keyspace import shards
from tiketi.services.registry import SERVICES, Service

ENGINE = "valkey"
ENGINE_VERSION = "8.0"
FAMILY = "valkey8"
REPLICAS = 1
# UTC: Korea sleeps, no sale opens. Snapshots before anything is changed.
SNAPSHOT_WINDOW = "17:00-18:00"
MAINTENANCE_WINDOW = "tue:18:30-tue:19:30"
SNAPSHOT_DAYS = 7
SLOW_MICROSECONDS = 10_000


def make_redis(
    environment: Environment,
    services: Sequence[Service] = SERVICES,  # noqa: ARG001 # as of every stack
) -> Template:
    template = new_template(environment, "ElastiCache in cluster mode, and its AUTH token")
    add_password(template, environment, "redis")
    topic = template.add_resource(Topic("RedisEvents", Tags=tags_of(environment, "redis-events")))
    template.add_output(
        Output(
            "RedisEventsTopicArn",
            Description="failovers and maintenance; subscribe whoever is on duty",
            Value=Ref(topic),
        )
    )
    slow_log = template.add_resource(
        logs.LogGroup(
            "SlowLogGroup",
            RetentionInDays=environment.log_days,
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            Tags=tags_of(environment, "redis-slow-log"),
        )
    )
    _add_parameters(template, environment)
    _add_subnets(template, environment)
    _add_cluster(template, environment, topic, slow_log)
    _add_url(template, environment)
    return template


def _add_parameters(template: Template, environment: Environment) -> None:
    """Nothing is evicted: a lock or a place in line that went unseen is worse than a refusal."""
    template.add_resource(
        ParameterGroup(
            "RedisParameters",
            CacheParameterGroupFamily=FAMILY,
            Description=f"{environment.prefix}: cluster mode, no eviction, slow log",
            Properties={
                "cluster-enabled": "yes",
                "maxmemory-policy": "noeviction",
                "slowlog-log-slower-than": str(SLOW_MICROSECONDS),
            },
            Tags=tags_of(environment, "redis"),
        )
    )


def _add_subnets(template: Template, environment: Environment) -> None:
    template.add_resource(
        SubnetGroup(
            "RedisSubnets",
            Description=f"{environment.prefix}: the data subnets",
            SubnetIds=Split(",", import_value(environment, "DataSubnetIds")),
            Tags=tags_of(environment, "redis"),
        )
    )


def _add_cluster(
    template: Template, environment: Environment, topic: Topic, slow_log: logs.LogGroup
) -> None:
    template.add_resource(
        ReplicationGroup(
            "Redis",
            # Its nodes' names, which alarms need, are made of it.
            ReplicationGroupId=environment.prefix,
            ReplicationGroupDescription=f"{environment.prefix}: queue, lock and cache slots",
            Engine=ENGINE,
            EngineVersion=ENGINE_VERSION,
            CacheNodeType=environment.redis_node_type,
            CacheParameterGroupName=Ref("RedisParameters"),
            CacheSubnetGroupName=Ref("RedisSubnets"),
            SecurityGroupIds=[import_value(environment, "RedisSecurityGroupId")],
            Port=REDIS_PORT,
            NumNodeGroups=len(shards()),
            NodeGroupConfiguration=_node_groups(),
            AutomaticFailoverEnabled=True,
            MultiAZEnabled=True,
            TransitEncryptionEnabled=True,
            AtRestEncryptionEnabled=True,
            AuthToken=Sub(resolve("redis")),
            SnapshotRetentionLimit=SNAPSHOT_DAYS,
            SnapshotWindow=SNAPSHOT_WINDOW,
            PreferredMaintenanceWindow=MAINTENANCE_WINDOW,
            AutoMinorVersionUpgrade=True,
            NotificationTopicArn=Ref(topic),
            LogDeliveryConfigurations=[_slow_log(slow_log)],
            DeletionPolicy="Snapshot" if environment.deletion_protection else "Delete",
            UpdateReplacePolicy="Snapshot",
            Tags=tags_of(environment, "redis"),
        )
    )


def _node_groups() -> list[NodeGroupConfiguration]:
    """Four digits each: ElastiCache numbers node groups so. Zones are AWS's choice (Multi-AZ)."""
    return [
        NodeGroupConfiguration(
            NodeGroupId=f"{shard.number:04}", Slots=shard.slot_range, ReplicaCount=REPLICAS
        )
        for shard in shards()
    ]


def _slow_log(group: logs.LogGroup) -> LogDeliveryConfigurationRequest:
    return LogDeliveryConfigurationRequest(
        LogType="slow-log",
        LogFormat="json",
        DestinationType="cloudwatch-logs",
        DestinationDetails=DestinationDetails(
            CloudWatchLogsDetails=CloudWatchLogsDestinationDetails(LogGroup=Ref(group))
        ),
    )


def _add_url(template: Template, environment: Environment) -> None:
    host = "${Redis.ConfigurationEndPoint.Address}"
    url = f"rediss+cluster://:{resolve('redis')}@{host}:{REDIS_PORT}"
    about = "rediss+cluster:// with its AUTH token"
    add_json_secret(template, environment, "redis", about, {"url": url})
    address = GetAtt("Redis", "ConfigurationEndPoint.Address")
    template.add_output(
        Output(
            "RedisEndpoint",
            Description="the configuration endpoint",
            Value=Join(":", [address, str(REDIS_PORT)]),
        )
    )
