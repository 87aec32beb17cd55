"""On EKS the pods have the cluster's own security group: it may call what the services' may, and
the balancer may call it at the services' ports. Nodes call AWS before that group is known here.
"""

from collections.abc import Mapping, Sequence

from troposphere import Equals, Not, Ref, Template, ec2

from deploy.aws.network.addresses import subnet_ranges
from deploy.aws.network.security_groups import HTTPS_PORT, POSTGRES_PORT, REDIS_PORT
from deploy.aws.template import add_text_parameter, title
from deploy.environment import Environment
from deploy.kubernetes.mesh import GATEWAY_HEALTH_PORT, GATEWAY_PORTS
from tiketi.services.registry import Service

_CALLED = {"database": POSTGRES_PORT, "redis": REDIS_PORT}


def add_kubernetes_calls(
    template: Template,
    environment: Environment,
    groups: Mapping[str, ec2.SecurityGroup],
    services: Sequence[Service],
) -> None:
    _let_nodes_call_aws(template, environment, groups["endpoints"])
    group = add_text_parameter(
        template,
        "KubernetesSecurityGroupId",
        "of the EKS cluster; empty: there is none",
        Default="",
    )
    template.add_condition("HasKubernetes", Not(Equals(Ref(group), "")))
    for called, port in _CALLED.items():
        template.add_resource(
            ec2.SecurityGroupIngress(
                f"KubernetesTo{title(called)}In",
                Condition="HasKubernetes",
                GroupId=Ref(groups[called]),
                SourceSecurityGroupId=Ref(group),
                IpProtocol="tcp",
                FromPort=port,
                ToPort=port,
                Description=f"pods call {called}",
            )
        )
    called_ports = {service.name: service.port for service in services}
    if environment.mesh:
        # The balancer's one target then, and what it asks for health.
        ports = (*GATEWAY_PORTS, GATEWAY_HEALTH_PORT)
        called_ports = {f"gateway-{port}": port for port in ports}
    for name, port in called_ports.items():
        _let_balancer_call(template, groups["balancer"], Ref(group), name, port)


def _let_nodes_call_aws(
    template: Template, environment: Environment, endpoints: ec2.SecurityGroup
) -> None:
    """By address: the endpoints' names are the VPC's for all, and a node that cannot pull its
    first images never joins the cluster whose group would let it.
    """
    for place in subnet_ranges(environment):
        if place.layer == "app":
            template.add_resource(
                ec2.SecurityGroupIngress(
                    f"{place.logical_name}ToEndpointsIn",
                    GroupId=Ref(endpoints),
                    CidrIp=place.cidr,
                    IpProtocol="tcp",
                    FromPort=HTTPS_PORT,
                    ToPort=HTTPS_PORT,
                    Description="nodes call AWS",
                )
            )


def _let_balancer_call(
    template: Template, balancer: ec2.SecurityGroup, pods: Ref, called: str, port: int
) -> None:
    name = f"BalancerToKubernetes{title(called)}"
    ports = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    about = f"balancer calls {called} in a pod"
    template.add_resource(
        ec2.SecurityGroupIngress(
            f"{name}In",
            Condition="HasKubernetes",
            GroupId=pods,
            SourceSecurityGroupId=Ref(balancer),
            Description=about,
            **ports,
        )
    )
    template.add_resource(
        ec2.SecurityGroupEgress(
            f"{name}Out",
            Condition="HasKubernetes",
            GroupId=Ref(balancer),
            DestinationSecurityGroupId=pods,
            Description=about,
            **ports,
        )
    )
