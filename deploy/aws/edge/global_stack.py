"""The edge-global stack, in us-east-1: CloudFront takes a certificate and a web ACL from there."""

from collections.abc import Sequence

from troposphere import Output, Ref, Template

from deploy.aws.edge.certificates import add_certificate
from deploy.aws.edge.firewall import add_firewall
from deploy.aws.template import add_text_parameter, new_template
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service


def make_edge_global(
    environment: Environment,
    services: Sequence[Service] = SERVICES,  # noqa: ARG001 # as of every stack
) -> Template:
    template = new_template(environment, "CloudFront's certificate and web ACL, in us-east-1")
    zone = add_text_parameter(
        template, "HostedZoneId", "the output of the same name of the dns stack"
    )
    certificate = add_certificate(template, environment, Ref(zone))
    firewall = add_firewall(template, environment)
    # Exports end at their region: the edge stack takes these as parameters.
    template.add_output(
        Output("CertificateArn", Description="for the edge stack", Value=certificate)
    )
    template.add_output(Output("WebAclArn", Description="for the edge stack", Value=firewall))
    return template
