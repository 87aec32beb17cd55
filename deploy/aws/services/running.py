"""A service that runs: how many, where, behind which target group, and how it is replaced."""

from typing import Any

from troposphere import GetAtt, Ref, Split, Template
from troposphere.ecs import (
    AdvancedConfiguration,
    AwsvpcConfiguration,
    CanaryConfiguration,
    CapacityProviderStrategyItem,
    DeploymentAlarms,
    DeploymentCircuitBreaker,
    DeploymentConfiguration,
    LoadBalancer,
    NetworkConfiguration,
    TaskDefinition,
)
from troposphere.ecs import Service as Running
from troposphere.iam import Role

from deploy.aws.deployment import (
    BAKE_MINUTES,
    CANARY_BAKE_MINUTES,
    CANARY_PERCENT,
    WHOLE_PERCENT,
    is_shifted,
    maximum_percent,
    strategy_of,
)
from deploy.aws.services.shift_alarms import add_shift_alarms
from deploy.aws.services.tasks import START_SECONDS
from deploy.aws.template import add_export, import_value, tags_of, title
from deploy.environment import Environment
from deploy.scaling import task_bounds
from tiketi.services.registry import Service

# Spot is taken away with two minutes' notice: enough for a read, too little for a buyer's socket
# or a payment. The fewest tasks are on demand even so.
_ON_SPOT = ("event",)
SPOT_WEIGHT = 3


def add_service(
    template: Template,
    environment: Environment,
    service: Service,
    task: TaskDefinition,
    shift_role: Role,
) -> None:
    fewest, _ = task_bounds(service, environment)
    running = template.add_resource(
        Running(
            f"{title(service.name)}Service",
            ServiceName=service.name,
            Cluster=import_value(environment, "ClusterName"),
            TaskDefinition=Ref(task),
            CapacityProviderStrategy=_providers(service, fewest),
            PlatformVersion="1.4.0",
            NetworkConfiguration=_network(environment, service),
            LoadBalancers=[_target(environment, service, shift_role)],
            HealthCheckGracePeriodSeconds=START_SECONDS,
            DeploymentConfiguration=_deployment(template, environment, service),
            # No DesiredCount: what scaling has made of it stays across updates.
            EnableECSManagedTags=True,
            PropagateTags="SERVICE",
            Tags=tags_of(environment, service.name),
        )
    )
    add_export(
        template,
        environment,
        f"{title(service.name)}ServiceName",
        GetAtt(running, "Name"),
        "for scaling and alarms",
    )


def _providers(service: Service, fewest: int) -> list[CapacityProviderStrategyItem]:
    on_demand = CapacityProviderStrategyItem(CapacityProvider="FARGATE", Base=fewest, Weight=1)
    if service.name not in _ON_SPOT:
        return [on_demand]
    spot = CapacityProviderStrategyItem(CapacityProvider="FARGATE_SPOT", Weight=SPOT_WEIGHT)
    return [on_demand, spot]


def _network(environment: Environment, service: Service) -> NetworkConfiguration:
    group = import_value(environment, f"{title(service.name)}SecurityGroupId")
    return NetworkConfiguration(
        AwsvpcConfiguration=AwsvpcConfiguration(
            AssignPublicIp="DISABLED",
            SecurityGroups=[group],
            Subnets=Split(",", import_value(environment, "AppSubnetIds")),
        )
    )


def _target(environment: Environment, service: Service, shift_role: Role) -> LoadBalancer:
    name = title(service.name)
    more: dict[str, Any] = {}
    if is_shifted(service):
        more["AdvancedConfiguration"] = AdvancedConfiguration(
            AlternateTargetGroupArn=import_value(environment, f"{name}TargetNextArn"),
            ProductionListenerRule=import_value(environment, f"{name}RuleArn"),
            RoleArn=GetAtt(shift_role, "Arn"),
        )
    return LoadBalancer(
        ContainerName=service.name,
        ContainerPort=service.port,
        TargetGroupArn=import_value(environment, f"{name}TargetArn"),
        **more,
    )


def _deployment(
    template: Template, environment: Environment, service: Service
) -> DeploymentConfiguration:
    """A version whose tasks do not live, or that answers 5xx while it is tried, is taken back
    without anybody's doing.
    """
    strategy = strategy_of(service)
    more: dict[str, Any] = {"Strategy": strategy}
    if strategy != "ROLLING":
        more["BakeTimeInMinutes"] = BAKE_MINUTES
        names = [Ref(alarm) for alarm in add_shift_alarms(template, environment, service)]
        more["Alarms"] = DeploymentAlarms(AlarmNames=names, Enable=True, Rollback=True)
    if strategy == "CANARY":
        more["CanaryConfiguration"] = CanaryConfiguration(
            CanaryPercent=CANARY_PERCENT, CanaryBakeTimeInMinutes=CANARY_BAKE_MINUTES
        )
    return DeploymentConfiguration(
        MinimumHealthyPercent=WHOLE_PERCENT,
        MaximumPercent=maximum_percent(service, environment),
        DeploymentCircuitBreaker=DeploymentCircuitBreaker(Enable=True, Rollback=True),
        **more,
    )
