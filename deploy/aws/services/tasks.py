"""What runs: the one image, with the role as its command, as no user of the machine's."""

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import GetAtt, Join, Parameter, Ref, Template
from troposphere.ecs import (
    ContainerDefinition,
    HealthCheck,
    LinuxParameters,
    LogConfiguration,
    MountPoint,
    PortMapping,
    RuntimePlatform,
    Secret,
    TaskDefinition,
    Ulimit,
    Volume,
)
from troposphere.ecs import Environment as Variable
from troposphere.iam import Role

from deploy.aws.log_groups import log_to, metrics_group
from deploy.aws.services.collector import make_collector
from deploy.aws.stores.secrets import secret_export
from deploy.aws.template import add_text_parameter, import_value, tags_of, title
from deploy.containers import (
    GROUP_ID,
    READ_ONLY_ROOT,
    STOP_TIMEOUT_SECONDS,
    USER_ID,
    SecretValue,
    command_of,
    migration_command,
    migration_secrets,
    secrets_of,
    settings_of,
)
from deploy.environment import Environment
from deploy.routing import HEALTH_INTERVAL_SECONDS, HEALTH_TIMEOUT_SECONDS, UNHEALTHY_THRESHOLD
from tiketi.services.registry import Service

CPU_UNITS_A_CORE = 1024
MIB_A_GIB = 1024
START_SECONDS = 60
SCRATCH = "/tmp"  # noqa: S108 # the container's own, and all that it may write to
MIGRATION = "migration"
MIGRATION_CPU_UNITS = 512
MIGRATION_MEMORY_MIB = 1024
# Live connections are open files.
OPEN_FILES_MAX = 65_536


def add_image_parameters(template: Template) -> None:
    """Of every stack that has tasks: the same image, so that a version is one number."""
    add_text_parameter(template, "Image", "the one image, by digest: repository@sha256:…")
    template.add_parameter(
        Parameter(
            "RepositoryArns",
            Type="CommaDelimitedList",
            Description="the repositories of the images, by comma",
        )
    )
    add_text_parameter(
        template,
        "Architecture",
        "of the image",
        Default="X86_64",
        AllowedValues=["ARM64", "X86_64"],
    )


def add_task(
    template: Template,
    environment: Environment,
    service: Service,
    execution: Role,
    role: Role,
) -> TaskDefinition:
    settings: dict[str, Any] = settings_of(service, environment)
    settings["TIKETI_TRUSTED_PROXIES"] = Ref("TrustedProxies")
    log = log_to(environment, service.name)
    container = make_container(
        environment,
        service.name,
        command=command_of(service),
        settings=settings,
        secrets=secrets_of(service),
        log=log,
    )
    container.PortMappings = [PortMapping(ContainerPort=service.port, Protocol="tcp")]
    container.HealthCheck = health_check(service)
    collector = make_collector(service, metrics_group(environment), log, [service.name])
    return _add_definition(
        template,
        environment,
        service.name,
        Cpu=str(service.vcpu * CPU_UNITS_A_CORE),
        Memory=str(service.memory_gib * MIB_A_GIB),
        ContainerDefinitions=[container, collector],
        ExecutionRoleArn=GetAtt(execution, "Arn"),
        TaskRoleArn=GetAtt(role, "Arn"),
    )


def add_migration(template: Template, environment: Environment, execution: Role) -> TaskDefinition:
    """Run once a version, before its services: docs/deploy.md has the command."""
    settings: dict[str, Any] = {"TIKETI_ADMIN_EMAIL": Ref("AdminEmail")}
    container = make_container(
        environment,
        MIGRATION,
        command=migration_command(),
        settings=settings,
        secrets=migration_secrets(),
        log=log_to(environment, MIGRATION),
    )
    return _add_definition(
        template,
        environment,
        MIGRATION,
        Cpu=str(MIGRATION_CPU_UNITS),
        Memory=str(MIGRATION_MEMORY_MIB),
        ContainerDefinitions=[container],
        ExecutionRoleArn=GetAtt(execution, "Arn"),
    )


def _add_definition(
    template: Template, environment: Environment, name: str, **sized: Any
) -> TaskDefinition:
    return template.add_resource(
        TaskDefinition(
            f"{title(name)}Task",
            Family=f"{environment.prefix}-{name}",
            NetworkMode="awsvpc",
            RequiresCompatibilities=["FARGATE"],
            RuntimePlatform=RuntimePlatform(
                CpuArchitecture=Ref("Architecture"), OperatingSystemFamily="LINUX"
            ),
            Volumes=[Volume(Name="scratch")],
            Tags=tags_of(environment, name),
            **sized,
        )
    )


def make_container(
    environment: Environment,
    name: str,
    *,
    command: Sequence[str],
    settings: Mapping[str, Any],
    secrets: Sequence[SecretValue],
    log: LogConfiguration,
) -> ContainerDefinition:
    return ContainerDefinition(
        Name=name,
        Image=Ref("Image"),
        Command=list(command),
        Essential=True,
        User=f"{USER_ID}:{GROUP_ID}",
        ReadonlyRootFilesystem=READ_ONLY_ROOT,
        LinuxParameters=LinuxParameters(InitProcessEnabled=True),
        Environment=[Variable(Name=key, Value=value) for key, value in sorted(settings.items())],
        Secrets=[
            Secret(Name=value.variable, ValueFrom=secret_reference(environment, value))
            for value in secrets
        ],
        MountPoints=[MountPoint(SourceVolume="scratch", ContainerPath=SCRATCH)],
        LogConfiguration=log,
        StopTimeout=STOP_TIMEOUT_SECONDS,
        Ulimits=[Ulimit(Name="nofile", SoftLimit=OPEN_FILES_MAX, HardLimit=OPEN_FILES_MAX)],
    )


def secret_reference(environment: Environment, value: SecretValue) -> Join:
    """One key of a JSON secret, in its current version: arn:json-key:stage:version."""
    return Join("", [import_value(environment, secret_export(value.secret)), f":{value.key}::"])


def health_check(service: Service) -> HealthCheck:
    """The balancer's figures. The image has no curl, and needs none."""
    url = f"http://127.0.0.1:{service.port}{service.health_path}"
    seconds = HEALTH_TIMEOUT_SECONDS
    ask = f"import urllib.request as r; r.urlopen('{url}', timeout={seconds})"
    return HealthCheck(
        Command=["CMD", "python", "-ISc", ask],
        Interval=HEALTH_INTERVAL_SECONDS,
        Timeout=HEALTH_TIMEOUT_SECONDS,
        Retries=UNHEALTHY_THRESHOLD,
        StartPeriod=START_SECONDS,
    )
