"""The store-alarms stack: alarms of the stores, which ECS and EKS both need, and who is told."""

from collections.abc import Sequence

from troposphere import Equals, Not, Ref, Template
from troposphere.sns import SubscriptionResource, Topic

from deploy.aws.observability.alarms import add_alarms, store_watches
from deploy.aws.template import add_export, add_text_parameter, new_template, tags_of
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service


def make_store_alarms(
    environment: Environment,
    services: Sequence[Service] = SERVICES,  # noqa: ARG001 # as of every stack
) -> Template:
    template = new_template(environment, "the stores' alarms, and who is told")
    topic = _add_topic(template, environment)
    add_alarms(template, environment, store_watches(environment), Ref(topic))
    about = "subscribe whoever is on duty"
    add_export(template, environment, "AlarmTopicArn", Ref(topic), about)
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
