"""The scaling stack: how many tasks, by load and by the clock.

It stands alone so that an event's plan can be deployed without touching what runs: `python -m
deploy schedule plan.json` emits it with the plan's actions, `emit` without any.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import Join, Ref, Sub, Template
from troposphere.applicationautoscaling import (
    CustomizedMetricSpecification,
    PredefinedMetricSpecification,
    ScalableTarget,
    ScalingPolicy,
    ScheduledAction,
    TargetTrackingMetric,
    TargetTrackingMetricDataQuery,
    TargetTrackingMetricDimension,
    TargetTrackingMetricStat,
    TargetTrackingScalingPolicyConfiguration,
)

from deploy.aws.services.collector import NAMESPACE
from deploy.aws.template import import_value, new_template, title
from deploy.environment import Environment
from deploy.scaling import (
    SCALE_IN_SECONDS,
    SCALE_OUT_SECONDS,
    WAITING_METRIC,
    WAITING_PER_TASK,
    cpu_target_percent,
    scales_by_waiting,
    task_bounds,
)
from tiketi.services.registry import SERVICES, Service

Actions = Mapping[str, Sequence[ScheduledAction]]


def make_scaling(
    environment: Environment,
    services: Sequence[Service] = SERVICES,
    actions: Actions | None = None,
) -> Template:
    """``actions``: what happens at which time, by the service's name."""
    template = new_template(environment, "how many tasks, by load and by the clock")
    for service in services:
        target = _add_target(template, environment, service, (actions or {}).get(service.name, ()))
        cpu = PredefinedMetricSpecification(PredefinedMetricType="ECSServiceAverageCPUUtilization")
        _add_policy(
            template,
            f"{title(service.name)}ByCpu",
            target,
            TargetValue=cpu_target_percent(service),
            PredefinedMetricSpecification=cpu,
        )
        if scales_by_waiting(service):
            _add_policy(
                template,
                f"{title(service.name)}ByWaiting",
                target,
                TargetValue=WAITING_PER_TASK,
                CustomizedMetricSpecification=_waiting_per_task(environment, service),
            )
    return template


def _add_target(
    template: Template,
    environment: Environment,
    service: Service,
    actions: Sequence[ScheduledAction],
) -> ScalableTarget:
    fewest, most = task_bounds(service, environment)
    cluster = import_value(environment, "ClusterName")
    running = import_value(environment, f"{title(service.name)}ServiceName")
    more: dict[str, Any] = {"ScheduledActions": list(actions)} if actions else {}
    return template.add_resource(
        ScalableTarget(
            f"{title(service.name)}Target",
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=Join("/", ["service", cluster, running]),
            MinCapacity=fewest,
            MaxCapacity=most,
            RoleARN=_service_linked_role(),
            **more,
        )
    )


def _add_policy(template: Template, name: str, target: ScalableTarget, **tracked: Any) -> None:
    template.add_resource(
        ScalingPolicy(
            name,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=Ref(target),
            TargetTrackingScalingPolicyConfiguration=TargetTrackingScalingPolicyConfiguration(
                ScaleOutCooldown=SCALE_OUT_SECONDS, ScaleInCooldown=SCALE_IN_SECONDS, **tracked
            ),
        )
    )


def _waiting_per_task(environment: Environment, service: Service) -> CustomizedMetricSpecification:
    """Every task says the same length, so its maximum is the length; over the tasks that run."""
    tasks = {
        "ClusterName": import_value(environment, "ClusterName"),
        "ServiceName": import_value(environment, f"{title(service.name)}ServiceName"),
    }
    return CustomizedMetricSpecification(
        Metrics=[
            _query("waiting", NAMESPACE, WAITING_METRIC, "Maximum", {"service": service.name}),
            _query("tasks", "ECS/ContainerInsights", "RunningTaskCount", "Average", tasks),
            TargetTrackingMetricDataQuery(Id="each", Expression="waiting / tasks", ReturnData=True),
        ]
    )


def _query(
    name: str, namespace: str, metric: str, stat: str, dimensions: Mapping[str, Any]
) -> TargetTrackingMetricDataQuery:
    named = [
        TargetTrackingMetricDimension(Name=key, Value=value) for key, value in dimensions.items()
    ]
    return TargetTrackingMetricDataQuery(
        Id=name,
        ReturnData=False,
        MetricStat=TargetTrackingMetricStat(
            Stat=stat,
            Metric=TargetTrackingMetric(Namespace=namespace, MetricName=metric, Dimensions=named),
        ),
    )


def _service_linked_role() -> Sub:
    name = "AWSServiceRoleForApplicationAutoScaling_ECSService"
    path = f"role/aws-service-role/ecs.application-autoscaling.amazonaws.com/{name}"
    return Sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:{path}")
