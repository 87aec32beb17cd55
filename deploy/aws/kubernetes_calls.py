"""On EKS the pods have the cluster's own security group: it may call what the services' may."""

from collections.abc import Mapping

from troposphere import Equals, Not, Ref, Template, ec2

from deploy.aws.security_groups import HTTPS_PORT, POSTGRES_PORT, REDIS_PORT
from deploy.aws.template import add_text_parameter, title

_CALLED = {"database": POSTGRES_PORT, "redis": REDIS_PORT, "endpoints": HTTPS_PORT}


def add_kubernetes_calls(template: Template, groups: Mapping[str, ec2.SecurityGroup]) -> None:
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
