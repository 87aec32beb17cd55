"""The web ACL before CloudFront: known bad inputs, and rates that no person reaches.

The rates are wide: a carrier's customers share an address. What an account or an address may do
in a minute is Tiketi's own limit (docs/settings.md); these only keep floods off it.
"""

from typing import Any

from troposphere import GetAtt, Template, wafv2

from deploy.aws.template import tags_of
from deploy.environment import Environment

WINDOW_SECONDS = 300
# A window, an address. The first is 33 requests a second for five minutes on end.
REQUESTS_MAX = 10_000
# Signing in costs 120 ms of a core on purpose.
AUTH_REQUESTS_MAX = 600
AUTH_PREFIX = "/api/v1/auth/"
# Of AWS, in the order of evaluation.
MANAGED_GROUPS = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")


def add_firewall(template: Template, environment: Environment) -> Any:
    """Its ARN."""
    rules = [
        _rate_rule("AuthRate", 0, AUTH_REQUESTS_MAX, _path_statement(AUTH_PREFIX)),
        _rate_rule("Rate", 1, REQUESTS_MAX, None),
        *(_managed_rule(name, place) for place, name in enumerate(MANAGED_GROUPS, start=2)),
    ]
    acl = template.add_resource(
        wafv2.WebACL(
            "WebAcl",
            Description=f"{environment.prefix} before CloudFront",
            Scope="CLOUDFRONT",
            DefaultAction=wafv2.DefaultAction(Allow=wafv2.AllowAction()),
            Rules=rules,
            VisibilityConfig=_visible("WebAcl"),
            Tags=tags_of(environment, "web-acl"),
        )
    )
    return GetAtt(acl, "Arn")


def _rate_rule(
    name: str, priority: int, limit: int, scope: wafv2.Statement | None
) -> wafv2.WebACLRule:
    narrowed = {"ScopeDownStatement": scope} if scope is not None else {}
    return wafv2.WebACLRule(
        Name=name,
        Priority=priority,
        Action=wafv2.RuleAction(Block=_too_many()),
        Statement=wafv2.Statement(
            RateBasedStatement=wafv2.RateBasedStatement(
                AggregateKeyType="IP",
                EvaluationWindowSec=WINDOW_SECONDS,
                Limit=limit,
                **narrowed,
            )
        ),
        VisibilityConfig=_visible(name),
    )


def _too_many() -> wafv2.BlockAction:
    """429 with Retry-After, as Tiketi answers by itself."""
    return wafv2.BlockAction(
        CustomResponse=wafv2.CustomResponse(
            ResponseCode=429,
            ResponseHeaders=[wafv2.CustomHTTPHeader(Name="retry-after", Value=str(WINDOW_SECONDS))],
        )
    )


def _path_statement(prefix: str) -> wafv2.Statement:
    return wafv2.Statement(
        ByteMatchStatement=wafv2.ByteMatchStatement(
            FieldToMatch=wafv2.FieldToMatch(UriPath={}),
            PositionalConstraint="STARTS_WITH",
            SearchString=prefix,
            TextTransformations=[wafv2.TextTransformation(Priority=0, Type="NONE")],
        )
    )


def _managed_rule(name: str, priority: int) -> wafv2.WebACLRule:
    return wafv2.WebACLRule(
        Name=name,
        Priority=priority,
        OverrideAction=wafv2.OverrideAction(**{"None": {}}),
        Statement=wafv2.Statement(
            ManagedRuleGroupStatement=wafv2.ManagedRuleGroupStatement(Name=name, VendorName="AWS")
        ),
        VisibilityConfig=_visible(name),
    )


def _visible(name: str) -> wafv2.VisibilityConfig:
    return wafv2.VisibilityConfig(
        CloudWatchMetricsEnabled=True, MetricName=name, SampledRequestsEnabled=True
    )
