"""The observability stack: errors counted from the logs, alarms of the services, dashboards."""

from collections.abc import Sequence

from troposphere import Template
from troposphere.logs import MetricFilter, MetricTransformation

from deploy.aws.log_groups import group_name
from deploy.aws.observability.alarms import add_alarms, service_watches
from deploy.aws.observability.dashboards import add_dashboards
from deploy.aws.observability.measures import of_errors
from deploy.aws.template import import_value, new_template, title
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service

# As infra/telemetry.py writes them: a JSON object a line.
ERROR_PATTERN = '{ $.level = "error" || $.level = "critical" }'


def make_observability(
    environment: Environment, services: Sequence[Service] = SERVICES
) -> Template:
    template = new_template(environment, "errors counted, the services' alarms, dashboards")
    for service in services:
        _count_errors(template, environment, service)
    told = import_value(environment, "AlarmTopicArn")
    add_alarms(template, environment, service_watches(environment, services), told)
    add_dashboards(template, environment, services)
    return template


def _count_errors(template: Template, environment: Environment, service: Service) -> None:
    measure = of_errors(service)
    template.add_resource(
        MetricFilter(
            f"{title(service.name)}ErrorLines",
            LogGroupName=group_name(environment, service.name),
            FilterPattern=ERROR_PATTERN,
            MetricTransformations=[
                MetricTransformation(
                    MetricNamespace=measure.namespace,
                    MetricName=measure.name,
                    MetricValue="1",
                    DefaultValue=0,
                )
            ],
        )
    )
