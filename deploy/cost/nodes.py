"""How many nodes of EC2 the pods of Kubernetes need: the largest first, where they first fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.cost.prices import Prices
from deploy.kubernetes.containers import CPU_REQUEST_SHARE
from tiketi.services.registry import Service

# What kubelet, the system and daemons keep for themselves of each node.
CORES_KEPT = 0.5
GIB_KEPT = 3.5
DISK_GB = 50
# vCPU and GiB of what may be chosen.
SIZES: Mapping[str, tuple[int, int]] = {
    "m6i.2xlarge": (8, 32),
    "m6i.4xlarge": (16, 64),
    "c6i.4xlarge": (16, 32),
    "c6i.8xlarge": (32, 64),
}


@dataclass(frozen=True, slots=True)
class Nodes:
    """``usd_hour``: of all of them, disks included, on demand."""

    kind: str
    count: int
    usd_hour: float


def pack(pods: Sequence[tuple[float, float]], cores: float, gib: float) -> int:
    """Nodes of that much room for pods of (cores, GiB); ValueError if one fits on none."""
    free: list[tuple[float, float]] = []
    for pod_cores, pod_gib in sorted(pods, reverse=True):
        for place, (free_cores, free_gib) in enumerate(free):
            if pod_cores <= free_cores and pod_gib <= free_gib:
                free[place] = (free_cores - pod_cores, free_gib - pod_gib)
                break
        else:
            if pod_cores > cores or pod_gib > gib:
                raise ValueError(f"a pod of {pod_cores} cores, {pod_gib} GiB fits on no node")
            free.append((cores - pod_cores, gib - pod_gib))
    return len(free)


def cheapest_nodes(
    tasks: Mapping[str, int], services: Sequence[Service], prices: Prices, hours_a_month: int
) -> Nodes:
    """The one kind of node that holds all the pods for the least."""
    pods = [
        (service.vcpu * CPU_REQUEST_SHARE, float(service.memory_gib))
        for service in services
        for _ in range(tasks[service.name])
    ]
    found = []
    for kind, (cores, gib) in SIZES.items():
        try:
            count = pack(pods, cores - CORES_KEPT, gib - GIB_KEPT)
        except ValueError:
            continue
        disk = DISK_GB * prices["node.disk"] / hours_a_month
        found.append(Nodes(kind, count, count * (prices[f"node.{kind}"] + disk)))
    return min(found, key=lambda nodes: nodes.usd_hour)
