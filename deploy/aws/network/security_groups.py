"""Who may call whom, derived from the registry: nothing else may."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from troposphere import Ref, Template, ec2

from deploy.aws.template import add_export, add_text_parameter, tags_of, title
from deploy.containers import SMTP_PORTS
from deploy.environment import Environment
from tiketi.services.registry import Service

POSTGRES_PORT = 5432
REDIS_PORT = 6379
HTTP_PORT = 80
HTTPS_PORT = 443
ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class Call:
    """``caller`` and ``called`` name groups; either may be a place outside instead."""

    caller: str
    called: str
    port: int


def calls(environment: Environment, services: Sequence[Service]) -> Iterator[Call]:
    if environment.database_proxy:
        # RDS Proxy stands in the database's own group.
        yield Call("database", "database", POSTGRES_PORT)
    for service in services:
        yield Call("balancer", service.name, service.port)
    for caller in (*(service.name for service in services), "migration"):
        yield Call(caller, "database", POSTGRES_PORT)
        yield Call(caller, "redis", REDIS_PORT)
        yield Call(caller, "endpoints", HTTPS_PORT)


def add_security_groups(
    template: Template, environment: Environment, services: Sequence[Service]
) -> dict[str, ec2.SecurityGroup]:
    """A group for each service, store and gate, by name; their ids are exported."""
    callers = [service.name for service in services]
    names = ["balancer", *callers, "migration", "database", "redis", "endpoints"]
    groups = {name: _add_group(template, environment, name) for name in names}
    for call in calls(environment, services):
        _add_call(template, groups, call)
    _add_ways_in(template, environment, groups["balancer"])
    _add_ways_out(template, groups, services)
    return groups


def _add_group(template: Template, environment: Environment, name: str) -> ec2.SecurityGroup:
    group = template.add_resource(
        ec2.SecurityGroup(
            f"{title(name)}SecurityGroup",
            GroupDescription=f"{environment.prefix} {name}",
            VpcId=Ref("Vpc"),
            # A group without one would let everything out: this lets nothing.
            SecurityGroupEgress=[_egress("127.0.0.1/32", HTTPS_PORT, "nobody else")],
            Tags=tags_of(environment, name),
        )
    )
    add_export(
        template, environment, f"{title(name)}SecurityGroupId", Ref(group), f"the group of {name}"
    )
    return group


def _add_call(template: Template, groups: dict[str, ec2.SecurityGroup], call: Call) -> None:
    name = f"{title(call.caller)}To{title(call.called)}"
    about = f"{call.caller} calls {call.called}"
    ports = {"IpProtocol": "tcp", "FromPort": call.port, "ToPort": call.port}
    caller, called = groups[call.caller], groups[call.called]
    template.add_resource(
        ec2.SecurityGroupIngress(
            f"{name}In",
            GroupId=Ref(called),
            SourceSecurityGroupId=Ref(caller),
            Description=about,
            **ports,
        )
    )
    template.add_resource(
        ec2.SecurityGroupEgress(
            f"{name}Out",
            GroupId=Ref(caller),
            DestinationSecurityGroupId=Ref(called),
            Description=about,
            **ports,
        )
    )


def _add_ways_in(template: Template, environment: Environment, balancer: ec2.SecurityGroup) -> None:
    """CloudFront alone: the balancer has no public address, and no way around the WAF."""
    prefix_list = add_text_parameter(
        template,
        "CloudFrontPrefixListId",
        "this region's com.amazonaws.global.cloudfront.origin-facing, pl-…",
        AllowedPattern="^pl-[0-9a-f]+$",
    )
    sources = {
        HTTPS_PORT: {"SourcePrefixListId": Ref(prefix_list)},
        # Answered with a redirect; CloudFront does that for the world, this is the VPC's own.
        HTTP_PORT: {"CidrIp": environment.vpc_cidr},
    }
    for port, source in sources.items():
        template.add_resource(
            ec2.SecurityGroupIngress(
                f"BalancerIn{port}",
                GroupId=Ref(balancer),
                IpProtocol="tcp",
                FromPort=port,
                ToPort=port,
                Description="CloudFront" if port == HTTPS_PORT else "to be redirected",
                **source,
            )
        )


def _add_ways_out(
    template: Template, groups: dict[str, ec2.SecurityGroup], services: Sequence[Service]
) -> None:
    """To S3, which has no group, to the payment companies, to the image's registry, to mail."""
    outward = [(name, HTTPS_PORT) for name in (*(s.name for s in services), "migration")]
    mailing = [service for service in services if "mail" in service.loops]
    outward += [(service.name, port) for service in mailing for port in SMTP_PORTS]
    for name, port in outward:
        template.add_resource(
            ec2.SecurityGroupEgress(
                f"{title(name)}OutTo{port}",
                GroupId=Ref(groups[name]),
                IpProtocol="tcp",
                FromPort=port,
                ToPort=port,
                CidrIp=ANYWHERE,
                Description="by NAT or by the gateway endpoint",
            )
        )


def _egress(cidr: str, port: int, about: str) -> ec2.SecurityGroupRule:
    return ec2.SecurityGroupRule(
        IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp=cidr, Description=about
    )
