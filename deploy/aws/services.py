"""The services stack: the cluster, a task definition and a service each, the migration's task."""

from collections.abc import Sequence

from troposphere import Output, Parameter, Ref, Template
from troposphere.ecs import CapacityProviderStrategy, Cluster, ClusterSetting
from troposphere.ecs import ClusterCapacityProviderAssociations as ProviderAssociations

from deploy.aws.deployment import is_shifted
from deploy.aws.log_groups import add_log_groups
from deploy.aws.running import add_service
from deploy.aws.task_roles import add_execution_role, add_shift_role, add_task_role
from deploy.aws.tasks import add_migration, add_task
from deploy.aws.template import add_export, add_text_parameter, new_template, tags_of
from deploy.containers import migration_secrets, secrets_of
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service

ON_DEMAND, SPOT = "FARGATE", "FARGATE_SPOT"


def make_services(environment: Environment, services: Sequence[Service] = SERVICES) -> Template:
    template = new_template(environment, "the ECS cluster, its services, the migration's task")
    _add_parameters(template, environment)
    _add_cluster(template, environment)
    add_log_groups(template, environment, services)
    shifted = [service for service in services if is_shifted(service)]
    shift_role = add_shift_role(template, environment, shifted)
    for service in services:
        execution = add_execution_role(template, environment, service.name, secrets_of(service))
        role = add_task_role(template, environment, service)
        task = add_task(template, environment, service, execution, role)
        add_service(template, environment, service, task, shift_role)
    execution = add_execution_role(template, environment, "migration", migration_secrets())
    migration = add_migration(template, environment, execution)
    template.add_output(
        Output("MigrationTaskArn", Description="run it once a version", Value=Ref(migration))
    )
    return template


def _add_parameters(template: Template, environment: Environment) -> None:
    add_text_parameter(template, "Image", "the one image, by digest: repository@sha256:…")
    add_text_parameter(
        template, "CollectorImage", "AWS Distro for OpenTelemetry's collector, by digest"
    )
    template.add_parameter(
        Parameter(
            "RepositoryArns",
            Type="CommaDelimitedList",
            Description="the repositories of both images, by comma",
        )
    )
    add_text_parameter(
        template,
        "Architecture",
        "of the image",
        Default="X86_64",
        AllowedValues=["ARM64", "X86_64"],
    )
    add_text_parameter(template, "AdminEmail", "the first admin's address")
    add_text_parameter(
        template,
        "TrustedProxies",
        "networks whose X-Forwarded-For counts, by comma",
        Default=environment.vpc_cidr,
    )


def _add_cluster(template: Template, environment: Environment) -> None:
    cluster = template.add_resource(
        Cluster(
            "Cluster",
            ClusterName=environment.prefix,
            # Scaling by the line's length divides by the number of tasks, which comes from here.
            ClusterSettings=[ClusterSetting(Name="containerInsights", Value="enabled")],
            Tags=tags_of(environment, "cluster"),
        )
    )
    template.add_resource(
        ProviderAssociations(
            "Providers",
            Cluster=Ref(cluster),
            CapacityProviders=[ON_DEMAND, SPOT],
            DefaultCapacityProviderStrategy=[
                CapacityProviderStrategy(CapacityProvider=ON_DEMAND, Weight=1)
            ],
        )
    )
    add_export(template, environment, "ClusterName", Ref(cluster), "the cluster")
