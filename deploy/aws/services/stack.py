"""The services stack: a task definition and a service each, from the one image."""

from collections.abc import Sequence

from troposphere import Template

from deploy.aws.deployment import is_shifted
from deploy.aws.log_groups import METRICS, add_log_groups
from deploy.aws.services.running import add_service
from deploy.aws.services.task_roles import add_execution_role, add_shift_role, add_task_role
from deploy.aws.services.tasks import add_image_parameters, add_task
from deploy.aws.template import add_text_parameter, new_template
from deploy.containers import secrets_of
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service


def make_services(environment: Environment, services: Sequence[Service] = SERVICES) -> Template:
    template = new_template(environment, "its services on ECS")
    _add_parameters(template, environment)
    add_log_groups(template, environment, [*(service.name for service in services), METRICS])
    shifted = [service for service in services if is_shifted(service)]
    shift_role = add_shift_role(template, environment, shifted)
    for service in services:
        execution = add_execution_role(template, environment, service.name, secrets_of(service))
        role = add_task_role(template, environment, service)
        task = add_task(template, environment, service, execution, role)
        add_service(template, environment, service, task, shift_role)
    return template


def _add_parameters(template: Template, environment: Environment) -> None:
    add_image_parameters(template)
    add_text_parameter(
        template, "CollectorImage", "AWS Distro for OpenTelemetry's collector, by digest"
    )
    add_text_parameter(
        template,
        "TrustedProxies",
        "networks whose X-Forwarded-For counts, by comma",
        Default=environment.vpc_cidr,
    )
