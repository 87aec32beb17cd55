"""The edge stack: the site and the API at CloudFront, the buckets behind, the names before."""

from collections.abc import Sequence

from troposphere import GetAtt, Ref, Template
from troposphere.cloudfront import VpcOrigin, VpcOriginEndpointConfig
from troposphere.route53 import AliasTarget, RecordSetType

from deploy.aws.edge.cache import add_cache_policies
from deploy.aws.edge.distributions import add_api, add_site
from deploy.aws.edge.files import add_buckets
from deploy.aws.network.security_groups import HTTP_PORT, HTTPS_PORT
from deploy.aws.template import add_export, add_text_parameter, import_value, new_template, tags_of
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service

# Every distribution's own, whatever the account (AWS, "AliasTarget").
CLOUDFRONT_ZONE_ID = "Z2FDTNDATAQYW2"


def make_edge(
    environment: Environment,
    services: Sequence[Service] = SERVICES,  # noqa: ARG001 # as of every stack
) -> Template:
    template = new_template(environment, "CloudFront, the buckets behind it, the names before it")
    add_text_parameter(template, "CertificateArn", "the output of edge-global")
    add_text_parameter(template, "WebAclArn", "the output of edge-global")
    add_text_parameter(
        template, "BalancerArn", "the output of balancer; on EKS the Ingress's load balancer"
    )
    add_text_parameter(template, "BalancerDnsName", "the same one's name")
    _add_origin(template, environment)
    add_cache_policies(template, environment)
    buckets = add_buckets(template, environment)
    site = add_site(template, environment, buckets)
    api = add_api(template, environment)
    hosts = {
        "Site": (environment.domain, site),
        "Admin": (environment.admin_host, site),
        "Api": (environment.api_host, api),
    }
    for name, (host, distribution) in hosts.items():
        for kind in ("A", "AAAA"):
            _add_record(
                template,
                environment,
                f"{name}Record{kind}",
                kind=kind,
                host=host,
                distribution=distribution,
            )
    add_export(template, environment, "SiteDistributionId", Ref(site), "to invalidate after upload")
    add_export(template, environment, "ApiDistributionId", Ref(api), "for alarms")
    return template


def _add_origin(template: Template, environment: Environment) -> None:
    """CloudFront's own network interfaces in the VPC, sockets included."""
    template.add_resource(
        VpcOrigin(
            "BalancerOrigin",
            VpcOriginEndpointConfig=VpcOriginEndpointConfig(
                Name=environment.prefix,
                Arn=Ref("BalancerArn"),
                HTTPPort=HTTP_PORT,
                HTTPSPort=HTTPS_PORT,
                OriginProtocolPolicy="https-only",
                OriginSSLProtocols=["TLSv1.2"],
            ),
            Tags=tags_of(environment, "balancer-origin"),
        )
    )


def _add_record(
    template: Template,
    environment: Environment,
    name: str,
    *,
    kind: str,
    host: str,
    distribution: object,
) -> None:
    template.add_resource(
        RecordSetType(
            name,
            HostedZoneId=import_value(environment, "HostedZoneId"),
            Name=host,
            Type=kind,
            AliasTarget=AliasTarget(
                DNSName=GetAtt(distribution, "DomainName"),
                HostedZoneId=CLOUDFRONT_ZONE_ID,
                EvaluateTargetHealth=False,
            ),
        )
    )
