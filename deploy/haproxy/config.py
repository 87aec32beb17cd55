"""haproxy.cfg from the rules: sections in the order in which a request meets them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from deploy.containers import SHUTDOWN_NOTICE_SECONDS
from deploy.environment import Environment
from deploy.haproxy.answers import fixed_answers, not_found
from deploy.routing import (
    HEALTH_TIMEOUT_SECONDS,
    HEALTHY_THRESHOLD,
    IDLE_TIMEOUT_SECONDS,
    STICKY_SECONDS,
    UNHEALTHY_THRESHOLD,
    Rule,
    rules,
)
from tiketi.services.registry import SERVICES, Service

# An ALB is told that a task leaves; haproxy finds out by its checks. The last of those that it
# takes must have failed within the notice that a task gives, with one to spare.
CHECK_INTERVAL_SECONDS = SHUTDOWN_NOTICE_SECONDS / (UNHEALTHY_THRESHOLD + 1)
CONNECT_SECONDS = 5
HEAD_SECONDS = 10
QUEUE_SECONDS = 5  # for a place at a server, then 503 with Retry-After
STICKY_COOKIE = "tiketi_task"
# Readiness, but for the stores: one that is away makes answers late or stale, not no answers.
CHECK_PATH = "/health/ready"
CHECK_BODY = '"process":"ok"'
# Of one DNS answer: 200 addresses.
DNS_BYTES_MAX = 8_192


@dataclass(frozen=True, slots=True)
class Site:
    """Where a haproxy stands, and what differs from place to place.

    ``site_hosts``: the API is called there too; the administrators' pages call it at theirs.
    ``servers``: "address:port" of each service's tasks; None: whatever the name
    ``<service>.<domain>`` has addresses for, by ``name_server`` ("address:port") or those of
    resolv.conf. ``certificate``: a PEM file or a folder of them; None: plain HTTP.
    ``plain_port`` is redirected; ``admin_socket`` takes orders.
    """

    api_host: str
    admin_host: str
    site_hosts: tuple[str, ...] = ()
    domain: str = ""
    servers: Mapping[str, Sequence[str]] | None = None
    name_server: str | None = None
    address: str = "*"
    port: int = 443
    plain_port: int | None = 80
    certificate: str | None = "/etc/haproxy/tls"
    admin_socket: str = "/run/haproxy/admin.sock"
    check_interval_ms: int = int(CHECK_INTERVAL_SECONDS * 1000)


def make_haproxy(
    environment: Environment, services: Sequence[Service] = SERVICES
) -> dict[str, str]:
    """One file; what it is to know of its place is left to DNS and to the names of files."""
    site = Site(
        environment.api_host,
        environment.admin_host,
        site_hosts=(environment.domain,),
        domain=f"{environment.prefix}.internal",
    )
    return {"haproxy/haproxy.cfg": render(site, services)}


def render(site: Site, services: Sequence[Service] = SERVICES) -> str:
    """The whole file."""
    table = rules(services)
    sections = [_global(site), _defaults(site)]
    if site.servers is None:
        sections.append(_resolvers(site))
    sections.append(_frontend(site, table))
    sections += [*(_backend(rule, site) for rule in table), _nothing()]
    return "\n\n".join("\n    ".join(section) for section in sections) + "\n"


def _global(site: Site) -> list[str]:
    lines = [
        "global",
        "log stdout format raw local0",
        f"stats socket {site.admin_socket} mode 600 level admin",
    ]
    if site.certificate is not None:
        lines.append("ssl-default-bind-options ssl-min-ver TLSv1.2")
    return lines


def _defaults(site: Site) -> list[str]:
    return [
        "defaults",
        "mode http",
        "log global",
        "option httplog",
        "option dontlognull",
        # Appended, as an ALB does: TIKETI_TRUSTED_PROXIES says which of them count.
        "option forwardfor",
        # A request whose connection was refused goes to another task. One that was sent and not
        # answered is sent again only where that changes nothing.
        "retries 3",
        "option redispatch 1",
        "retry-on conn-failure empty-response",
        f"timeout connect {CONNECT_SECONDS}s",
        f"timeout http-request {HEAD_SECONDS}s",
        f"timeout queue {QUEUE_SECONDS}s",
        f"timeout check {HEALTH_TIMEOUT_SECONDS}s",
        *(
            f"timeout {what} {IDLE_TIMEOUT_SECONDS}s"
            for what in ("client", "server", "tunnel", "http-keep-alive")
        ),
        _checked(site),
        *fixed_answers(),
    ]


def _checked(site: Site) -> str:
    return (
        f"default-server check inter {site.check_interval_ms}ms"
        f" fall {UNHEALTHY_THRESHOLD} rise {HEALTHY_THRESHOLD}"
    )


def _resolvers(site: Site) -> list[str]:
    return [
        "resolvers dns",
        f"nameserver own {site.name_server}" if site.name_server else "parse-resolv-conf",
        f"accepted_payload_size {DNS_BYTES_MAX}",
        "hold valid 10s",
    ]


def _frontend(site: Site, table: Sequence[Rule]) -> list[str]:
    lines = ["frontend public"]
    tls = f" ssl crt {site.certificate} alpn h2,http/1.1" if site.certificate else ""
    if tls and site.plain_port is not None:
        lines.append(f"bind {site.address}:{site.plain_port}")
        lines.append("http-request redirect scheme https code 301 unless { ssl_fc }")
    lines.insert(1, f"bind {site.address}:{site.port}{tls}")
    hosts = {"api": (site.api_host, *site.site_hosts, site.admin_host), "admin": (site.admin_host,)}
    lines += [
        f"acl to_{name} hdr(host),field(1,:) -i {' '.join(named)}" for name, named in hosts.items()
    ]
    lines += [
        "http-request set-header X-Forwarded-Proto https if { ssl_fc }",
        "http-request disable-l7-retry unless METH_GET",
    ]
    for rule in table:
        for match, paths in _matches(rule):
            lines.append(f"acl of_{rule.service.name} {match} {' '.join(paths)}")
    lines += [
        f"use_backend {rule.service.name} if to_{rule.host} of_{rule.service.name}"
        for rule in table
    ]
    lines.append("default_backend nothing")
    return lines


def _matches(rule: Rule) -> list[tuple[Literal["path", "path_beg"], list[str]]]:
    exact = [path for path in rule.paths if not path.endswith("/*")]
    below = [path.removesuffix("*") for path in rule.paths if path.endswith("/*")]
    return [("path", exact), ("path_beg", below)]


def _backend(rule: Rule, site: Site) -> list[str]:
    service = rule.service
    lines = [
        f"backend {service.name}",
        # Sockets last for hours: who has the fewest is given the next.
        "balance leastconn" if rule.sticky else "balance roundrobin",
        "option httpchk",
        f"http-check send meth GET uri {CHECK_PATH} ver HTTP/1.1 hdr Host {site.api_host}",
        f"http-check expect string '{CHECK_BODY}'",
    ]
    if rule.sticky:
        secure = " secure" if site.certificate else ""
        how = f"insert indirect nocache httponly{secure} dynamic maxidle {STICKY_SECONDS}s"
        lines += [f"cookie {STICKY_COOKIE} {how}", f"dynamic-cookie-key {service.name}"]
    if site.servers is None:
        name = f"{service.name}.{site.domain}:{service.port}"
        lines.append(
            f"server-template {service.name} 1-{service.tasks_max} {name}"
            " resolvers dns init-addr none"
        )
    else:
        lines += [
            f"server {service.name}{number} {address}"
            for number, address in enumerate(site.servers[service.name], start=1)
        ]
    return lines


def _nothing() -> list[str]:
    """The backend of whatever no rule is for."""
    return ["backend nothing", *not_found()]
