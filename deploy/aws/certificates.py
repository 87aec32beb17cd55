"""One certificate for every name of the environment, proven by the zone's own records."""

from typing import Any

from troposphere import Ref, Template
from troposphere.certificatemanager import Certificate, DomainValidationOption

from deploy.aws.template import tags_of
from deploy.environment import Environment


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
