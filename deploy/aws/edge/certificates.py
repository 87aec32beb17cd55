"""One certificate for every name of the environment, proven by the zone's own records.

The load balancer's is a stack of its own, since ECS and EKS both need it; CloudFront's is
edge-global's.
"""

from collections.abc import Sequence
from typing import Any

from troposphere import Ref, Template
from troposphere.certificatemanager import Certificate, DomainValidationOption

from deploy.aws.template import add_export, import_value, new_template, tags_of
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service


def make_certificate(
    environment: Environment,
    services: Sequence[Service] = SERVICES,  # noqa: ARG001 # as of every stack
) -> Template:
    template = new_template(environment, "the load balancer's certificate")
    arn = add_certificate(template, environment, import_value(environment, "HostedZoneId"))
    add_export(template, environment, "CertificateArn", arn, "for the load balancer, also EKS'")
    return template


def names_of(environment: Environment) -> tuple[str, ...]:
    return environment.domain, environment.api_host, environment.admin_host


def add_certificate(template: Template, environment: Environment, zone_id: Any) -> Any:
    """Its ARN. CloudFormation waits until the zone answers: the registrar first."""
    first, *others = names_of(environment)
    certificate = template.add_resource(
        Certificate(
            "Certificate",
            DomainName=first,
            SubjectAlternativeNames=others,
            ValidationMethod="DNS",
            DomainValidationOptions=[
                DomainValidationOption(DomainName=name, HostedZoneId=zone_id)
                for name in names_of(environment)
            ],
            Tags=tags_of(environment, "certificate"),
        )
    )
    return Ref(certificate)
