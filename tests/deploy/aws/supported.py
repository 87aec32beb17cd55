"""The part of a template that moto's CloudFormation can create: the rest is linted only.

moto ends in an error, not in a refusal, at a reference to a type that it does not know. So what is
not supported is left out, and references to it become plain texts.
"""

import copy
from typing import Any

# Every type of ours that moto 5 creates, and that can be looked at afterwards.
SUPPORTED = frozenset(
    {
        "AWS::CloudWatch::Dashboard",
        "AWS::EC2::EIP",
        "AWS::EC2::FlowLog",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::NatGateway",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCEndpoint",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::ECS::Cluster",
        "AWS::ECS::Service",
        "AWS::ECS::TaskDefinition",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::IAM::Role",
        "AWS::Logs::LogGroup",
        "AWS::RDS::DBParameterGroup",
        "AWS::RDS::DBSubnetGroup",
        "AWS::Route53::HostedZone",
        "AWS::Route53::RecordSet",
        "AWS::S3::Bucket",
        "AWS::SNS::Topic",
    }
)
# Attributes that moto does not know of a type that it does.
UNKNOWN_ATTRIBUTES = frozenset(
    {
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupFullName"),
    }
)


def supported_part(template: dict[str, Any], stand_ins: dict[str, str]) -> dict[str, Any]:
    """Names and properties stay as they are. ``stand_ins``: what a resource that is left out is
    to be called, by its logical name.
    """
    part = copy.deepcopy(template)
    dropped = {name for name, made in part["Resources"].items() if not is_supported(made)}
    for name in dropped:
        del part["Resources"][name]
    for made in part["Resources"].values():
        after = made.pop("DependsOn", [])
        named = [after] if isinstance(after, str) else after
        kept = [name for name in named if name not in dropped]
        if kept:
            made["DependsOn"] = kept
    for name in dropped:
        stand_ins = {name: f"{name}-left-out", **stand_ins}
    kinds = {name: made["Type"] for name, made in part["Resources"].items()}
    found: dict[str, Any] = _replace(part, kinds, stand_ins)
    return found


def is_supported(made: dict[str, Any]) -> bool:
    """Of options, the tests take none."""
    # moto's SecurityGroupIngress knows addresses and groups, no prefix lists.
    listed = "SourcePrefixListId" in made.get("Properties", {})
    return made["Type"] in SUPPORTED and "Condition" not in made and not listed


def _replace(value: Any, kinds: dict[str, str], stand_ins: dict[str, str]) -> Any:
    """``kinds``: types of what is kept. Parameters and AWS's own names are no resources' names."""
    if isinstance(value, list):
        return [_replace(item, kinds, stand_ins) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("Ref") in stand_ins:
        return stand_ins[value["Ref"]]
    if "Fn::GetAtt" in value:
        name, attribute = value["Fn::GetAtt"]
        if name not in kinds or (kinds[name], attribute) in UNKNOWN_ATTRIBUTES:
            return f"{name}-{attribute}".replace(".", "-")
    return {key: _replace(item, kinds, stand_ins) for key, item in value.items()}
