"""The cluster itself, for eksctl: in the network stack's VPC, nodes in its app subnets."""

from collections.abc import Sequence
from typing import Any

import yaml

from deploy.containers import secret_path
from deploy.cost.nodes import SIZES
from deploy.environment import Environment
from deploy.kubernetes.manifest import KUBERNETES_VERSION
from deploy.kubernetes.platform import SECRET_READER
from deploy.scaling import task_bounds
from tiketi.services.registry import SERVICES, Service

CLUSTER = "cluster.yaml"
NODE_KIND = "c6i.8xlarge"
NODE_DISK_GB = 50
# Room for what a rolling deployment adds, and for the gaps that pods leave.
NODES_SPARE = 1.3


def cluster_text(environment: Environment, services: Sequence[Service] = SERVICES) -> str:
    text: str = yaml.safe_dump(_config(environment, services), sort_keys=False, width=100)
    return text


def subnet_parameter(zone: int) -> str:
    return f"APP_SUBNET_{zone}_ID"


def _config(environment: Environment, services: Sequence[Service]) -> dict[str, Any]:
    zones = "abcdefgh"[: environment.zones]
    subnets = {
        f"{environment.region}{letter}": {"id": f"${{{subnet_parameter(place)}}}"}
        for place, letter in enumerate(zones, start=1)
    }
    return {
        "apiVersion": "eksctl.io/v1alpha5",
        "kind": "ClusterConfig",
        "metadata": {
            "name": environment.prefix,
            "region": environment.region,
            "version": KUBERNETES_VERSION,
        },
        "vpc": {"id": "${VPC_ID}", "subnets": {"private": subnets}},
        "iam": {"withOIDC": True, "serviceAccounts": _accounts(environment)},
        "addons": [
            {
                "name": "vpc-cni",
                # A security group of its own for each pod, and network policies beside it.
                "configurationValues": (
                    '{"enableNetworkPolicy": "true", "env": {"ENABLE_POD_ENI": "true",'
                    ' "POD_SECURITY_GROUP_ENFORCING_MODE": "standard"}}'
                ),
            },
            {"name": "coredns"},
            {"name": "kube-proxy"},
            {"name": "metrics-server"},
        ],
        "managedNodeGroups": [_nodes(environment, services)],
        "cloudWatch": {
            "clusterLogging": {
                "enableTypes": ["api", "audit", "authenticator"],
                "logRetentionInDays": environment.log_days,
            }
        },
    }


def _accounts(environment: Environment) -> list[dict[str, Any]]:
    secrets = (
        f"arn:aws:secretsmanager:{environment.region}:${{AWS_ACCOUNT_ID}}:secret:"
        f"{secret_path(environment, '*')}"
    )
    return [
        {
            "metadata": {"name": SECRET_READER, "namespace": environment.prefix},
            "roleName": f"{environment.prefix}-{SECRET_READER}",
            "roleOnly": True,
            "attachPolicy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": [
                            "secretsmanager:GetSecretValue",
                            "secretsmanager:DescribeSecret",
                        ],
                        "Resource": secrets,
                    }
                ],
            },
        },
        {
            "metadata": {"name": "aws-load-balancer-controller", "namespace": "kube-system"},
            "wellKnownPolicies": {"awsLoadBalancerController": True},
        },
        {
            "metadata": {"name": "cluster-autoscaler", "namespace": "kube-system"},
            "wellKnownPolicies": {"autoScaler": True},
        },
    ]


def _nodes(environment: Environment, services: Sequence[Service]) -> dict[str, Any]:
    cores_of_node, _ = SIZES[NODE_KIND]

    def nodes(most: bool) -> int:
        cores = sum(task_bounds(service, environment)[most] * service.vcpu for service in services)
        return max(environment.zones, round(cores * NODES_SPARE / cores_of_node))

    return {
        "name": "services",
        "instanceType": NODE_KIND,
        "minSize": nodes(most=False),
        "desiredCapacity": nodes(most=False),
        "maxSize": nodes(most=True),
        "privateNetworking": True,
        "volumeSize": NODE_DISK_GB,
        "volumeEncrypted": True,
        "disableIMDSv1": True,
        "iam": {"withAddonPolicies": {"autoScaler": True}},
    }
