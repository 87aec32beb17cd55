"""The balancer stack: an internal load balancer that CloudFront alone reaches, and its rules."""

from collections.abc import Sequence
from typing import Any

from troposphere import GetAtt, Ref, Split, Template
from troposphere.elasticloadbalancingv2 import (
    Action,
    Certificate,
    FixedResponseConfig,
    Listener,
    LoadBalancer,
    LoadBalancerAttributes,
    RedirectConfig,
)

from deploy.aws.balancer.access_logs import add_access_logs
from deploy.aws.balancer.rules import add_rule
from deploy.aws.balancer.target_groups import add_target_groups
from deploy.aws.network.security_groups import HTTP_PORT, HTTPS_PORT
from deploy.aws.template import add_export, import_value, new_template, tags_of
from deploy.environment import Environment
from deploy.routing import IDLE_TIMEOUT_SECONDS, rules
from tiketi.services.registry import SERVICES, Service

# TLS 1.3 and 1.2 with forward secrecy (AWS, "Security policies").
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
# A problem document as our own. A fixed answer may not be called application/problem+json.
NOTHING_HERE = '{"type":"about:blank","title":"Not Found","status":404,"code":"not_found"}'


def make_balancer(environment: Environment, services: Sequence[Service] = SERVICES) -> Template:
    template = new_template(environment, "the load balancer, its rules and target groups")
    _add_balancer(template, environment)
    listener = _add_listeners(template, import_value(environment, "CertificateArn"))
    for rule in rules(services):
        groups = add_target_groups(template, environment, rule)
        add_rule(template, environment, listener, rule, groups)
    balancer = Ref("Balancer")
    add_export(template, environment, "BalancerArn", balancer, "for the edge stack")
    add_export(
        template, environment, "BalancerDnsName", GetAtt("Balancer", "DNSName"), "for the edge"
    )
    add_export(
        template,
        environment,
        "BalancerName",
        GetAtt("Balancer", "LoadBalancerFullName"),
        "as its metrics are called",
    )
    return template


def _add_balancer(template: Template, environment: Environment) -> None:
    logs = add_access_logs(template, environment)
    attributes = {
        "idle_timeout.timeout_seconds": str(IDLE_TIMEOUT_SECONDS),
        "deletion_protection.enabled": str(environment.deletion_protection).lower(),
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": Ref(logs),
    }
    template.add_resource(
        LoadBalancer(
            "Balancer",
            Type="application",
            # CloudFront comes by a VPC origin: there is no public address to go around it by.
            Scheme="internal",
            IpAddressType="ipv4",
            Subnets=Split(",", import_value(environment, "AppSubnetIds")),
            SecurityGroups=[import_value(environment, "BalancerSecurityGroupId")],
            LoadBalancerAttributes=[
                LoadBalancerAttributes(Key=key, Value=value) for key, value in attributes.items()
            ],
            DependsOn="AccessLogsPolicy",
            Tags=tags_of(environment, "balancer"),
        )
    )


def _add_listeners(template: Template, certificate: Any) -> Listener:
    to_https = RedirectConfig(Protocol="HTTPS", Port=str(HTTPS_PORT), StatusCode="HTTP_301")
    template.add_resource(
        Listener(
            "HttpListener",
            LoadBalancerArn=Ref("Balancer"),
            Port=HTTP_PORT,
            Protocol="HTTP",
            DefaultActions=[Action(Type="redirect", RedirectConfig=to_https)],
        )
    )
    nothing_here = FixedResponseConfig(
        StatusCode="404", ContentType="application/json", MessageBody=NOTHING_HERE
    )
    return template.add_resource(
        Listener(
            "HttpsListener",
            LoadBalancerArn=Ref("Balancer"),
            Port=HTTPS_PORT,
            Protocol="HTTPS",
            SslPolicy=TLS_POLICY,
            Certificates=[Certificate(CertificateArn=certificate)],
            DefaultActions=[Action(Type="fixed-response", FixedResponseConfig=nothing_here)],
        )
    )
