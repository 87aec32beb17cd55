"""What ends a shifted deployment: errors of either version, while both are behind the balancer."""

from troposphere import Template
from troposphere.cloudwatch import Alarm, MetricDimension

from deploy.aws.balancer.target_groups import target_names
from deploy.aws.template import import_value, tags_of
from deploy.environment import Environment
from tiketi.services.registry import Service

# A tenth of the requests is on trial: an odd one fails for other reasons, eleven a minute do not.
ERRORS_MAX = 10
PERIOD_SECONDS = 60


def add_shift_alarms(template: Template, environment: Environment, service: Service) -> list[Alarm]:
    """One a target group."""
    names = target_names(service)
    return [_add_alarm(template, environment, service, name) for name in names]


def _add_alarm(template: Template, environment: Environment, service: Service, name: str) -> Alarm:
    dimensions = {
        "LoadBalancer": import_value(environment, "BalancerName"),
        "TargetGroup": import_value(environment, f"{name}Name"),
    }
    return template.add_resource(
        Alarm(
            f"{name}Errors",
            AlarmDescription=f"{environment.prefix}: ends a deployment of {service.name}",
            Namespace="AWS/ApplicationELB",
            MetricName="HTTPCode_Target_5XX_Count",
            Dimensions=[
                MetricDimension(Name=key, Value=value) for key, value in dimensions.items()
            ],
            Statistic="Sum",
            Period=PERIOD_SECONDS,
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
            Threshold=ERRORS_MAX,
            TreatMissingData="notBreaching",
            Tags=tags_of(environment, name.lower()),
        )
    )
