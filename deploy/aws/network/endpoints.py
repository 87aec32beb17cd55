"""AWS's own services reached inside of the VPC: neither NAT's price nor its bandwidth is paid."""

from troposphere import Ref, Sub, Template, ec2

from deploy.aws.network.subnets import Subnets
from deploy.aws.template import title

GATEWAYS = ("s3",)
# Images, logs, which our own metrics are made of, secrets, and what ECS tells of its tasks.
INTERFACES = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "monitoring", "ecs-telemetry")


def add_endpoints(template: Template, subnets: Subnets, group: ec2.SecurityGroup) -> None:
    for name in GATEWAYS:
        template.add_resource(
            ec2.VPCEndpoint(
                f"{title(name)}Endpoint",
                VpcId=Ref("Vpc"),
                VpcEndpointType="Gateway",
                ServiceName=_service_name(name),
                RouteTableIds=[Ref(table) for table in subnets.tables],
            )
        )
    for name in INTERFACES:
        template.add_resource(
            ec2.VPCEndpoint(
                f"{title(name.replace('.', '-'))}Endpoint",
                VpcId=Ref("Vpc"),
                VpcEndpointType="Interface",
                ServiceName=_service_name(name),
                PrivateDnsEnabled=True,
                SubnetIds=[Ref(subnet) for subnet in subnets.of("app")],
                SecurityGroupIds=[Ref(group)],
            )
        )


def _service_name(name: str) -> Sub:
    return Sub(f"com.amazonaws.${{AWS::Region}}.{name}")
