"""A month's bill by service, when nobody comes and when everything is at its most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.aws.edge.firewall import MANAGED_GROUPS
from deploy.aws.network.endpoints import INTERFACES
from deploy.containers import secrets
from deploy.cost.prices import Prices
from deploy.environment import Environment
from deploy.scaling import task_bounds
from tiketi.infra.keyspace import shards
from tiketi.services.registry import Service

# A year's hours by twelve, as AWS' own calculator has it. The design reckons with 720.
HOURS_A_MONTH = 730
# What no definition says: assumed, and told beside the bill (docs/cost.md).
DATABASE_GB = 100
DATABASE_IO_MILLIONS, DATABASE_IO_MILLIONS_PEAK = 10, 1_000
CACHE_BACKUP_GB = 100
LCUS, LCUS_PEAK = 1, 100
LOG_GB, LOG_GB_PEAK = 10, 1_000
# Two of rates beside AWS' own groups.
WAF_RULES = 2 + len(MANAGED_GROUPS)
ACU_MIN, ACU_MAX = 2, 32


@dataclass(frozen=True, slots=True)
class Line:
    """``idle`` and ``peak``: US dollars a month, were it so all the month."""

    group: str
    name: str
    what: str
    idle: float
    peak: float


def task_hour(service: Service, prices: Prices) -> float:
    """One task on Fargate."""
    return service.vcpu * prices["fargate.vcpu"] + service.memory_gib * prices["fargate.gib"]


def compute_lines(
    services: Sequence[Service], environment: Environment, prices: Prices
) -> list[Line]:
    lines = []
    for service in services:
        least, most = task_bounds(service, environment)
        month = task_hour(service, prices) * HOURS_A_MONTH
        size = f"{service.vcpu} vCPU, {service.memory_gib} GiB"
        lines.append(
            Line(
                "services", service.name, f"{least} to {most} x {size}", least * month, most * month
            )
        )
    return lines


def store_lines(environment: Environment, prices: Prices) -> list[Line]:
    node = environment.redis_node_type
    nodes = 2 * len(shards())
    cache = nodes * prices[node] * HOURS_A_MONTH + CACHE_BACKUP_GB * prices["cache.backup"]
    return [
        _database_line(environment, prices),
        Line("stores", "ElastiCache", f"{nodes} x {node}", cache, cache),
    ]


def _database_line(environment: Environment, prices: Prices) -> Line:
    """The writer, its readers of which one is the standby, one for analysis."""
    others = 1 + environment.database_analytics_reader
    least, most = environment.readers_min + others, environment.readers_max + others
    storage = DATABASE_GB * prices["db.storage"]
    io = prices["db.io"]
    if environment.database_serverless:
        unit = prices["db.serverless"] * HOURS_A_MONTH
        idle, peak = least * ACU_MIN * unit, most * ACU_MAX * unit
        what = f"{least} to {most} x {ACU_MIN} to {ACU_MAX} ACU"
    else:
        unit = prices[environment.database_instance_class] * HOURS_A_MONTH
        idle, peak = least * unit, most * unit
        what = f"{least} to {most} x {environment.database_instance_class}"
    return Line(
        "stores",
        "Aurora",
        what,
        idle + storage + DATABASE_IO_MILLIONS * io,
        peak + storage + DATABASE_IO_MILLIONS_PEAK * io,
    )


def network_lines(environment: Environment, prices: Prices) -> list[Line]:
    balancer = prices["balancer.hour"] * HOURS_A_MONTH
    lcu = prices["balancer.lcu"] * HOURS_A_MONTH
    nat = environment.zones * prices["nat.hour"] * HOURS_A_MONTH
    endpoints = len(INTERFACES) * environment.zones * prices["endpoint.hour"] * HOURS_A_MONTH
    fixed = (
        prices["waf.acl"]
        + WAF_RULES * prices["waf.rule"]
        + prices["dns.zone"]
        + len(secrets()) * prices["secret.month"]
    )
    return [
        Line(
            "network",
            "load balancer",
            f"{LCUS} to {LCUS_PEAK} LCU",
            balancer + LCUS * lcu,
            balancer + LCUS_PEAK * lcu,
        ),
        Line("network", "NAT", f"{environment.zones} gateways", nat, nat),
        Line(
            "network",
            "endpoints",
            f"{len(INTERFACES)} in {environment.zones} zones",
            endpoints,
            endpoints,
        ),
        Line("network", "WAF, DNS, secrets", "fixed parts", fixed, fixed),
        Line(
            "network",
            "logs",
            f"{LOG_GB} to {LOG_GB_PEAK} GB",
            LOG_GB * prices["logs.gb"],
            LOG_GB_PEAK * prices["logs.gb"],
        ),
    ]


def month_bill(services: Sequence[Service], environment: Environment, prices: Prices) -> list[Line]:
    """On Fargate, on demand; traffic is the on-sale's (onsale.py)."""
    return [
        *compute_lines(services, environment, prices),
        *store_lines(environment, prices),
        *network_lines(environment, prices),
    ]


def task_counts(
    services: Sequence[Service], environment: Environment
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """The fewest and the most tasks, by service."""
    bounds = {service.name: task_bounds(service, environment) for service in services}
    return (
        {name: least for name, (least, _) in bounds.items()},
        {name: most for name, (_, most) in bounds.items()},
    )
