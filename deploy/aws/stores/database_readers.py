"""Readers: how many by load, and one apart whose long reports disturb nobody."""

from troposphere import GetAtt, Join, Output, Ref, Sub, Template
from troposphere.applicationautoscaling import (
    PredefinedMetricSpecification,
    ScalableTarget,
    ScalingPolicy,
    TargetTrackingScalingPolicyConfiguration,
)
from troposphere.rds import DBClusterEndpoint, DBInstance

from deploy.aws.stores.instances import max_connections
from deploy.aws.template import tags_of
from deploy.environment import Environment
from deploy.scaling import SCALE_IN_SECONDS, SCALE_OUT_SECONDS

READER_PERCENT = 70
# The last to be promoted: it is promoted when no other is left.
LAST_TIER = 15
AURORA_READERS_MAX = 15


def add_analytics(template: Template, environment: Environment) -> str:
    """The host, as a text for Sub, that the services read from: every reader but analytics'."""
    if not environment.database_analytics_reader:
        return "${Database.ReadEndpoint.Address}"
    template.add_resource(
        DBInstance(
            "Analytics",
            Engine="aurora-postgresql",
            DBClusterIdentifier=Ref("Database"),
            DBInstanceClass=environment.database_instance_class,
            DBParameterGroupName=Ref("InstanceParameters"),
            PromotionTier=LAST_TIER,
            PubliclyAccessible=False,
            AutoMinorVersionUpgrade=False,
            EnablePerformanceInsights=True,
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            Tags=tags_of(environment, "analytics"),
        )
    )
    # Excluding, not listing: a reader that scaling adds is in it at once.
    _add_endpoint(template, environment, "services", ExcludedMembers=[Ref("Analytics")])
    _add_endpoint(template, environment, "analytics", StaticMembers=[Ref("Analytics")])
    template.add_output(
        Output(
            "AnalyticsEndpoint",
            Description="reports and exports: not among the services' readers",
            Value=GetAtt("AnalyticsEndpoint", "Endpoint"),
        )
    )
    return "${ServicesEndpoint.Endpoint}"


def _add_endpoint(
    template: Template, environment: Environment, name: str, **members: object
) -> None:
    template.add_resource(
        DBClusterEndpoint(
            f"{name.capitalize()}Endpoint",
            DBClusterIdentifier=Ref("Database"),
            DBClusterEndpointIdentifier=f"{environment.prefix}-{name}",
            CustomEndpointType="READER",
            Tags=tags_of(environment, name),
            **members,
        )
    )


def add_reader_scaling(template: Template, environment: Environment) -> None:
    """By processor or by connections, whichever asks for more readers.

    What stands in the template counts as well: the standby, and analytics' own.
    """
    own = int(environment.database_analytics_reader)
    target = template.add_resource(
        ScalableTarget(
            "ReaderTarget",
            ServiceNamespace="rds",
            ScalableDimension="rds:cluster:ReadReplicaCount",
            ResourceId=Join(":", ["cluster", Ref("Database")]),
            MinCapacity=environment.readers_min + own,
            MaxCapacity=min(environment.readers_max + own, AURORA_READERS_MAX),
            RoleARN=_service_linked_role(),
            DependsOn=["Writer", "Standby"],
        )
    )
    metrics = {
        "ReadersByCpu": ("RDSReaderAverageCPUUtilization", READER_PERCENT),
        "ReadersByConnections": (
            "RDSReaderAverageDatabaseConnections",
            max_connections(environment.database_instance_class) * READER_PERCENT // 100,
        ),
    }
    for name, (metric, value) in metrics.items():
        template.add_resource(
            ScalingPolicy(
                name,
                PolicyName=f"{environment.prefix}-{metric}",
                PolicyType="TargetTrackingScaling",
                ScalingTargetId=Ref(target),
                TargetTrackingScalingPolicyConfiguration=TargetTrackingScalingPolicyConfiguration(
                    PredefinedMetricSpecification=PredefinedMetricSpecification(
                        PredefinedMetricType=metric
                    ),
                    TargetValue=value,
                    ScaleOutCooldown=SCALE_OUT_SECONDS,
                    ScaleInCooldown=SCALE_IN_SECONDS,
                ),
            )
        )


def _service_linked_role() -> object:
    name = "AWSServiceRoleForApplicationAutoScaling_RDSCluster"
    path = f"role/aws-service-role/rds.application-autoscaling.amazonaws.com/{name}"
    return Sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:{path}")
