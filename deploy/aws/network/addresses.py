"""Which addresses each subnet has, cut from the VPC's own range."""

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal

from deploy.environment import Environment

Layer = Literal["public", "app", "data"]
LAYERS: tuple[Layer, ...] = ("public", "app", "data")
# A /16 has sixteen parts of 4,094 addresses. The first is cut again, for what needs few of them.
_PART_BITS = 4
_SMALL_BITS = 8
_DATA_FROM = 8


@dataclass(frozen=True, slots=True)
class SubnetRange:
    layer: Layer
    zone: int  # from 1
    cidr: str

    @property
    def logical_name(self) -> str:
        return f"{self.layer.capitalize()}Subnet{self.zone}"


def subnet_ranges(environment: Environment) -> tuple[SubnetRange, ...]:
    """Tasks have an address each, so the app's subnets are the large ones.

    Raises ValueError if the zones do not fit into the range.
    """
    whole = IPv4Network(environment.vpc_cidr)
    parts = list(whole.subnets(_PART_BITS))
    small = list(whole.subnets(_SMALL_BITS))
    if not 0 < environment.zones <= _DATA_FROM:
        raise ValueError(f"{environment.zones} zones do not fit into {whole}")
    zones = range(environment.zones)
    return (
        *(SubnetRange("public", zone + 1, str(small[zone])) for zone in zones),
        *(SubnetRange("app", zone + 1, str(parts[zone + 1])) for zone in zones),
        *(SubnetRange("data", zone + 1, str(small[_DATA_FROM + zone])) for zone in zones),
    )
