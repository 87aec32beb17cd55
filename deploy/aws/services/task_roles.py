"""What ECS may do to start a task, and what the task itself may do: each its own, and no more."""

from collections.abc import Sequence

from troposphere import Ref, Template
from troposphere.iam import Role

from deploy.aws.log_groups import may_write, may_write_metrics
from deploy.aws.policies import add_role, allow, allow_unbound
from deploy.aws.stores.secrets import secret_export
from deploy.aws.template import import_value, title
from deploy.containers import SecretValue
from deploy.environment import Environment
from tiketi.services.registry import Service


def add_execution_role(
    template: Template, environment: Environment, name: str, values: Sequence[SecretValue]
) -> Role:
    """Pulls the image, reads that one container's secrets, writes its log."""
    arns = [
        import_value(environment, secret_export(secret))
        for secret in sorted({value.secret for value in values})
    ]
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    statements = [
        allow(["secretsmanager:GetSecretValue"], arns),
        allow(pull, Ref("RepositoryArns")),
        allow_unbound("ecr:GetAuthorizationToken"),
        may_write(name),
    ]
    return add_role(template, environment, f"{title(name)}ExecutionRole", "ecs-tasks", statements)


def add_task_role(template: Template, environment: Environment, service: Service) -> Role:
    """Only the collector calls AWS: to write metrics."""
    return add_role(
        template,
        environment,
        f"{title(service.name)}TaskRole",
        "ecs-tasks",
        [may_write_metrics()],
    )


def add_shift_role(
    template: Template, environment: Environment, services: Sequence[Service]
) -> Role:
    """ECS itself, moving the requests of these from one version's target group to the other's."""
    names = [title(service.name) for service in services]
    groups = [
        import_value(environment, f"{name}Target{suffix}Arn")
        for name in names
        for suffix in ("", "Next")
    ]
    statements = [
        allow_unbound(
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ),
        allow(
            ["elasticloadbalancing:ModifyRule"],
            [import_value(environment, f"{name}RuleArn") for name in names],
        ),
        allow(
            ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
            groups,
        ),
    ]
    return add_role(template, environment, "ShiftRole", "ecs", statements)
