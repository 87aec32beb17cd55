"""The observability stack: errors counted from the logs, alarms, dashboards, who is told."""

from collections.abc import Sequence

from troposphere import Equals, Not, Output, Ref, Template
from troposphere.logs import MetricFilter, MetricTransformation
from troposphere.sns import SubscriptionResource, Topic

from deploy.aws.alarms import add_alarms
from deploy.aws.dashboards import add_dashboards
from deploy.aws.log_groups import group_name
from deploy.aws.measures import of_errors
from deploy.aws.template import add_text_parameter, new_template, tags_of, title
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service

# As infra/telemetry.py writes them: a JSON object a line.
ERROR_PATTERN = '{ $.level = "error" || $.level = "critical" }'


def make_observability(
    environment: Environment, services: Sequence[Service] = SERVICES
) -> Template:
    template = new_template(environment, "errors counted, alarms, dashboards, and who is told")
    topic = _add_topic(template, environment)
    for service in services:
        _count_errors(template, environment, service)
    add_alarms(template, environment, services, topic)
    add_dashboards(template, environment, services)
    template.add_output(
        Output("AlarmTopicArn", Description="subscribe whoever is on duty", Value=Ref(topic))
    )
    return template


def _add_topic(template: Template, environment: Environment) -> Topic:
    email = add_text_parameter(
        template, "AlarmEmail", "who is told; empty: nobody, until somebody subscribes", Default=""
    )
    template.add_condition("HasAlarmEmail", Not(Equals(Ref(email), "")))
    topic = template.add_resource(Topic("Alarms", Tags=tags_of(environment, "alarms")))
    template.add_resource(
        SubscriptionResource(
            "AlarmsByEmail",
            Condition="HasAlarmEmail",
            TopicArn=Ref(topic),
            Protocol="email",
            Endpoint=Ref(email),
        )
    )
    return topic


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
