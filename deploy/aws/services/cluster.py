"""The cluster stack: where tasks run; and the migration, which runs before a version does."""

from collections.abc import Sequence

from troposphere import Output, Ref, Template
from troposphere.ecs import CapacityProviderStrategy, Cluster, ClusterSetting
from troposphere.ecs import ClusterCapacityProviderAssociations as ProviderAssociations

from deploy.aws.log_groups import add_log_group, add_log_groups
from deploy.aws.services.task_roles import add_execution_role
from deploy.aws.services.tasks import MIGRATION, add_image_parameters, add_migration
from deploy.aws.template import add_export, add_text_parameter, new_template, tags_of
from deploy.containers import migration_secrets
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service

ON_DEMAND, SPOT = "FARGATE", "FARGATE_SPOT"


def make_cluster(
    environment: Environment,
    services: Sequence[Service] = SERVICES,  # noqa: ARG001 # as of every stack
) -> Template:
    template = new_template(environment, "the ECS cluster, and the migration's task")
    add_image_parameters(template)
    add_text_parameter(template, "AdminEmail", "the first admin's address")
    insights = f"/aws/ecs/containerinsights/{environment.prefix}/performance"
    add_log_group(template, environment, "InsightsLogs", insights)
    _add_cluster(template, environment)
    add_log_groups(template, environment, [MIGRATION])
    execution = add_execution_role(template, environment, MIGRATION, migration_secrets())
    task = add_migration(template, environment, execution)
    template.add_output(
        Output("MigrationTaskArn", Description="run it once a version", Value=Ref(task))
    )
    return template


def _add_cluster(template: Template, environment: Environment) -> None:
    cluster = template.add_resource(
        Cluster(
            "Cluster",
            ClusterName=environment.prefix,
            DependsOn="InsightsLogs",
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
