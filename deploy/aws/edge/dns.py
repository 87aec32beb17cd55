"""The dns stack: the zone, whose name servers the registrar has to be told of."""

from collections.abc import Sequence

from troposphere import GetAtt, Join, Output, Ref, Template
from troposphere.route53 import HostedZone, HostedZoneConfiguration

from deploy.aws.template import add_export, new_template
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service


def make_dns(
    environment: Environment,
    services: Sequence[Service] = SERVICES,  # noqa: ARG001 # as of every stack
) -> Template:
    template = new_template(environment, "the zone of its names")
    zone = template.add_resource(
        HostedZone(
            "Zone",
            Name=environment.domain,
            HostedZoneConfig=HostedZoneConfiguration(Comment=environment.prefix),
            # A zone made anew has other name servers: every name would be lost for days.
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
        )
    )
    add_export(template, environment, "HostedZoneId", Ref(zone), "the zone, for certificates")
    template.add_output(
        Output(
            "NameServers",
            Description="what the registrar has to name, by comma",
            Value=Join(",", GetAtt(zone, "NameServers")),
        )
    )
    return template
