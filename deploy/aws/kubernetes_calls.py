"""On EKS the pods have the cluster's own security group: it may call what the services' may, and
the balancer may call it at the services' ports.
"""

from collections.abc import Mapping, Sequence

from troposphere import Equals, Not, Ref, Template, ec2

from deploy.aws.security_groups import HTTPS_PORT, POSTGRES_PORT, REDIS_PORT
from deploy.aws.template import add_text_parameter, title
from tiketi.services.registry import Service

_CALLED = {"database": POSTGRES_PORT, "redis": REDIS_PORT, "endpoints": HTTPS_PORT}


def add_kubernetes_calls(
    template: Template, groups: Mapping[str, ec2.SecurityGroup], services: Sequence[Service]
) -> None:
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
    for service in services:
        _let_balancer_call(template, groups["balancer"], Ref(group), service)


def _let_balancer_call(
    template: Template, balancer: ec2.SecurityGroup, pods: Ref, service: Service
) -> None:
    name = f"BalancerToKubernetes{title(service.name)}"
    ports = {"IpProtocol": "tcp", "FromPort": service.port, "ToPort": service.port}
    about = f"balancer calls {service.name} in a pod"
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
