"""Subnets of three layers a zone: public for the ways out, app for tasks, data for stores."""

from dataclasses import dataclass

from troposphere import GetAtt, GetAZs, Ref, Select, Tags, Template, ec2

from deploy.aws.network.addresses import Layer, SubnetRange, subnet_ranges
from deploy.aws.template import tags_of
from deploy.environment import Environment

# The load balancer controller of EKS finds its subnets by these.
_EKS_TAGS = {"public": "kubernetes.io/role/elb", "app": "kubernetes.io/role/internal-elb"}


@dataclass(frozen=True, slots=True)
class Subnets:
    """Every subnet, and the route table of each, in the order of layer and zone."""

    ranges: tuple[SubnetRange, ...]
    subnets: tuple[ec2.Subnet, ...]
    tables: tuple[ec2.RouteTable, ...]

    def of(self, layer: Layer) -> list[ec2.Subnet]:
        pairs = zip(self.ranges, self.subnets, strict=True)
        return [subnet for place, subnet in pairs if place.layer == layer]


def add_subnets(template: Template, environment: Environment) -> Subnets:
    ranges = subnet_ranges(environment)
    gateway = _add_internet_gateway(template, environment)
    subnets = tuple(_add_subnet(template, environment, place) for place in ranges)
    tables = tuple(_add_table(template, environment, place) for place in ranges)
    for place in ranges:
        if place.layer == "public":
            _add_route(template, place, GatewayId=Ref(gateway), DependsOn="GatewayAttachment")
            _add_nat(template, environment, place)
        elif place.layer == "app":
            _add_route(template, place, NatGatewayId=Ref(f"Nat{place.zone}"))
        # The stores answer, and call nobody: the data layer has no way out.
    return Subnets(ranges, subnets, tables)


def _add_internet_gateway(template: Template, environment: Environment) -> ec2.InternetGateway:
    gateway = template.add_resource(
        ec2.InternetGateway("InternetGateway", Tags=tags_of(environment, "internet"))
    )
    template.add_resource(
        ec2.VPCGatewayAttachment(
            "GatewayAttachment", VpcId=Ref("Vpc"), InternetGatewayId=Ref(gateway)
        )
    )
    return gateway


def _add_subnet(template: Template, environment: Environment, place: SubnetRange) -> ec2.Subnet:
    tags = tags_of(environment, f"{place.layer}-{place.zone}")
    if place.layer in _EKS_TAGS:
        tags += Tags(**{_EKS_TAGS[place.layer]: "1"})
    return template.add_resource(
        ec2.Subnet(
            place.logical_name,
            VpcId=Ref("Vpc"),
            AvailabilityZone=Select(place.zone - 1, GetAZs("")),
            CidrBlock=place.cidr,
            MapPublicIpOnLaunch=False,
            Tags=tags,
        )
    )


def _add_table(template: Template, environment: Environment, place: SubnetRange) -> ec2.RouteTable:
    table = template.add_resource(
        ec2.RouteTable(
            f"{place.logical_name}Routes",
            VpcId=Ref("Vpc"),
            Tags=tags_of(environment, f"{place.layer}-{place.zone}"),
        )
    )
    template.add_resource(
        ec2.SubnetRouteTableAssociation(
            f"{place.logical_name}Association",
            SubnetId=Ref(place.logical_name),
            RouteTableId=Ref(table),
        )
    )
    return table


def _add_route(template: Template, place: SubnetRange, **target: object) -> None:
    template.add_resource(
        ec2.Route(
            f"{place.logical_name}WayOut",
            RouteTableId=Ref(f"{place.logical_name}Routes"),
            DestinationCidrBlock="0.0.0.0/0",
            **target,
        )
    )


def _add_nat(template: Template, environment: Environment, place: SubnetRange) -> None:
    """One a zone: a zone that is lost takes no other one's way out with it."""
    address = template.add_resource(
        ec2.EIP(
            f"NatAddress{place.zone}",
            Domain="vpc",
            DependsOn="GatewayAttachment",
            Tags=tags_of(environment, f"nat-{place.zone}"),
        )
    )
    template.add_resource(
        ec2.NatGateway(
            f"Nat{place.zone}",
            AllocationId=GetAtt(address, "AllocationId"),
            SubnetId=Ref(place.logical_name),
            Tags=tags_of(environment, f"nat-{place.zone}"),
        )
    )
