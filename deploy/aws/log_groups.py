"""Where containers write: a group for each, kept as long as the environment says."""

from collections.abc import Sequence

from troposphere import GetAtt, Ref, Template, logs
from troposphere.ecs import LogConfiguration

from deploy.aws.policies import Statement, allow
from deploy.aws.template import tags_of, title
from deploy.environment import Environment

METRICS = "metrics"


def group_name(environment: Environment, name: str) -> str:
    return f"/{environment.prefix}/{name}"


def metrics_group(environment: Environment) -> str:
    """What CloudWatch makes our own metrics of."""
    return group_name(environment, METRICS)


def add_log_groups(template: Template, environment: Environment, names: Sequence[str]) -> None:
    """For containers, by their names."""
    for name in names:
        add_log_group(template, environment, _logical_name(name), group_name(environment, name))


def add_log_group(
    template: Template, environment: Environment, logical_name: str, name: str
) -> None:
    """AWS would make some of these by itself, and keep what is in them for ever."""
    template.add_resource(
        logs.LogGroup(
            logical_name,
            LogGroupName=name,
            RetentionInDays=environment.log_days,
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            Tags=tags_of(environment, logical_name.lower()),
        )
    )


def log_to(environment: Environment, name: str) -> LogConfiguration:
    """Does not block: a slow log loses lines, not buyers."""
    return LogConfiguration(
        LogDriver="awslogs",
        Options={
            "awslogs-group": group_name(environment, name),
            "awslogs-region": Ref("AWS::Region"),
            "awslogs-stream-prefix": name,
            "mode": "non-blocking",
            "max-buffer-size": "16m",
        },
    )


def may_write(name: str) -> Statement:
    return allow(["logs:CreateLogStream", "logs:PutLogEvents"], GetAtt(_logical_name(name), "Arn"))


def may_write_metrics() -> Statement:
    group = GetAtt(_logical_name(METRICS), "Arn")
    return allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], group)


def _logical_name(name: str) -> str:
    return f"{title(name)}Logs"
