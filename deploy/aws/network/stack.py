"""The network stack: the VPC, its subnets, the ways out, the endpoints, who may call whom."""

from collections.abc import Sequence

from troposphere import GetAtt, Join, Ref, Template, ec2, logs

from deploy.aws.network.addresses import LAYERS
from deploy.aws.network.endpoints import add_endpoints
from deploy.aws.network.kubernetes_calls import add_kubernetes_calls
from deploy.aws.network.security_groups import add_security_groups
from deploy.aws.network.subnets import add_subnets
from deploy.aws.policies import add_role, allow, allow_unbound
from deploy.aws.template import add_export, new_template, tags_of
from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service


def make_network(environment: Environment, services: Sequence[Service] = SERVICES) -> Template:
    template = new_template(environment, "the VPC, its subnets, endpoints and security groups")
    vpc = template.add_resource(
        ec2.VPC(
            "Vpc",
            CidrBlock=environment.vpc_cidr,
            EnableDnsHostnames=True,
            EnableDnsSupport=True,
            Tags=tags_of(environment, "vpc"),
        )
    )
    add_export(template, environment, "VpcId", Ref(vpc), "the VPC")
    add_export(template, environment, "VpcCidr", GetAtt(vpc, "CidrBlock"), "its addresses")
    subnets = add_subnets(template, environment)
    for layer in LAYERS:
        name = f"{layer.capitalize()}SubnetIds"
        ids = Join(",", [Ref(subnet) for subnet in subnets.of(layer)])
        add_export(template, environment, name, ids, f"the {layer} subnets, one a zone, by comma")
    groups = add_security_groups(template, environment, services)
    add_kubernetes_calls(template, environment, groups, services)
    add_endpoints(template, subnets, groups["endpoints"])
    _add_flow_logs(template, environment)
    return template


def _add_flow_logs(template: Template, environment: Environment) -> None:
    """What was refused, which is what somebody looks for afterwards."""
    group = template.add_resource(
        logs.LogGroup(
            "FlowLogGroup",
            RetentionInDays=environment.log_days,
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            Tags=tags_of(environment, "flow-logs"),
        )
    )
    write = allow(
        ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
        GetAtt(group, "Arn"),
    )
    statements = [write, allow_unbound("logs:DescribeLogGroups")]
    role = add_role(template, environment, "FlowLogRole", "vpc-flow-logs", statements)
    template.add_resource(
        ec2.FlowLog(
            "FlowLog",
            ResourceId=Ref("Vpc"),
            ResourceType="VPC",
            TrafficType="REJECT",
            LogDestinationType="cloud-watch-logs",
            LogGroupName=Ref(group),
            DeliverLogsPermissionArn=GetAtt(role, "Arn"),
            Tags=tags_of(environment, "flow-log"),
        )
    )
