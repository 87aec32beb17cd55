"""What one on-sale adds to the month: the tasks of its capacity plan, and its traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from deploy.cost.bill import task_hour
from deploy.cost.prices import Prices
from deploy.environment import Environment
from deploy.scaling import task_bounds
from tiketi.planning import figures
from tiketi.planning.domain import Sale, ServicePlan
from tiketi.planning.sizing import plan_services
from tiketi.services.registry import Service

# A mean over the hours, of figures that planning has for the busiest second. Estimates: the
# traffic is as uncertain as they are (docs/cost.md).
PRESENT_SHARE_MEAN = 0.3
READS_OVER_PEAK = 0.2
# Compressed bodies and their headers, in bytes; two in three reads of an availability are 304.
READ_BYTES, CALL_BYTES, MESSAGE_BYTES = 1_500, 800, 250
# The single page and its pictures, once a person.
SITE_BYTES, SITE_REQUESTS = 600_000, 12
LOG_BYTES_A_CALL = 400
IO_PER_ORDER = 60
# One LCU: whichever of these is used most (Elastic Load Balancing's pricing page).
LCU_NEW_PER_SECOND, LCU_ACTIVE, LCU_GB_PER_HOUR = 25, 3_000, 1
GB = 1e9
SECONDS_AN_HOUR = 3_600


@dataclass(frozen=True, slots=True)
class OnSale:
    """``places`` are seats and general places together; ``capacity`` and ``rate_per_minute`` the
    queue's.
    """

    audience: int
    hours: float
    places: int = 50_000
    capacity: int = 10_000
    rate_per_minute: int = 6_000
    is_draw: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    group: str
    name: str
    what: str
    usd: float


def plan_tasks(onsale: OnSale, services: Sequence[Service], server: str) -> tuple[ServicePlan, ...]:
    """As the capacity plan has it, within the services' bounds in the registry."""
    opens_at = datetime(2026, 1, 1, tzinfo=UTC)
    sale = Sale(
        event_id=UUID(int=0),
        title="",
        opens_at=opens_at,
        closes_at=opens_at + timedelta(hours=onsale.hours),
        places=onsale.places,
        queue_enabled=True,
        capacity=onsale.capacity,
        rate_per_minute=onsale.rate_per_minute,
        is_draw=onsale.is_draw,
    )
    return plan_services(sale, onsale.audience, services, server=server)


def onsale_bill(
    onsale: OnSale,
    services: Sequence[Service],
    environment: Environment,
    prices: Prices,
    server: str,
) -> list[Cost]:
    """All of it above the month's idle bill."""
    plans = {plan.service: plan for plan in plan_tasks(onsale, services, server)}
    costs = []
    for service in services:
        idle, _ = task_bounds(service, environment)
        added = max(0, plans[service.name].tasks - idle)
        usd = added * task_hour(service, prices) * onsale.hours
        what = f"{added} more for {onsale.hours:g} h"
        costs.append(Cost("services", service.name, what, usd))
    return [*costs, *_readers(onsale, environment, prices), *_traffic(onsale, prices)]


def _readers(onsale: OnSale, environment: Environment, prices: Prices) -> list[Cost]:
    orders = onsale.places / figures.PLACES_AN_ORDER
    io = orders * IO_PER_ORDER / 1e6 * prices["db.io"]
    added = environment.readers_max - environment.readers_min
    readers = (
        0.0
        if environment.database_serverless
        else added * prices[environment.database_instance_class] * onsale.hours
    )
    return [
        Cost("stores", "Aurora readers", f"{added} more for {onsale.hours:g} h", readers),
        Cost("stores", "Aurora I/O", f"{orders:,.0f} orders", io),
    ]


def _traffic(onsale: OnSale, prices: Prices) -> list[Cost]:
    seconds = onsale.hours * SECONDS_AN_HOUR
    present = onsale.audience * PRESENT_SHARE_MEAN
    reads = present * figures.EVENT_READS_A_PERSON_SECOND * READS_OVER_PEAK * seconds
    tabs = present * figures.TABS_A_PERSON
    sockets = tabs * figures.SOCKET_SHARE
    polls = (tabs - sockets) / figures.POLL_SECONDS_MEAN * seconds
    joins = onsale.audience * figures.TABS_A_PERSON
    to_origin = reads * (1 - figures.CDN_SHARE)
    calls = to_origin + polls + joins
    messages = sockets * seconds / figures.LIVE_TICK_SECONDS

    # Everything comes by CloudFront; what it fetches from the balancer is free of charge.
    edge_requests = reads + polls + joins + onsale.audience * SITE_REQUESTS
    live_gb = ((polls + joins) * CALL_BYTES + messages * MESSAGE_BYTES) / GB
    edge_gb = (reads * READ_BYTES + onsale.audience * SITE_BYTES) / GB
    lcus = _lcus(calls / seconds, sockets, (live_gb + to_origin * READ_BYTES / GB) / onsale.hours)
    return [
        Cost(
            "traffic",
            "CloudFront requests",
            f"{edge_requests / 1e6:,.0f} million",
            edge_requests / 10_000 * prices["cdn.request"],
        ),
        Cost("traffic", "pages and reads", f"{edge_gb:,.0f} GB", edge_gb * prices["cdn.gb"]),
        Cost("traffic", "live and API", f"{live_gb:,.0f} GB", live_gb * prices["cdn.gb"]),
        Cost(
            "traffic",
            "WAF",
            f"{edge_requests / 1e6:,.0f} million",
            edge_requests / 1e6 * prices["waf.request"],
        ),
        Cost(
            "traffic",
            "load balancer",
            f"{lcus:,.0f} LCU for {onsale.hours:g} h",
            lcus * onsale.hours * prices["balancer.lcu"],
        ),
        Cost(
            "traffic",
            "NAT",
            "payment companies, mail",
            onsale.places / figures.PLACES_AN_ORDER * 20_000 / GB * prices["nat.gb"],
        ),
        Cost(
            "traffic",
            "logs",
            f"{calls * LOG_BYTES_A_CALL / GB:,.0f} GB",
            calls * LOG_BYTES_A_CALL / GB * prices["logs.gb"],
        ),
    ]


def _lcus(calls_per_second: float, sockets: float, gb_per_hour: float) -> float:
    """Kept-alive connections carry about ten calls each."""
    return max(
        calls_per_second / 10 / LCU_NEW_PER_SECOND,
        sockets / LCU_ACTIVE,
        gb_per_hour / LCU_GB_PER_HOUR,
    )
