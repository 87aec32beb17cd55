"""From the registry to Kong's services, routes, limits and health checks."""

from collections.abc import Sequence

import yaml

from deploy.environment import Environment
from deploy.kong import models as kong
from deploy.routing import (
    HEALTH_INTERVAL_SECONDS,
    HEALTH_TIMEOUT_SECONDS,
    HEALTHY_THRESHOLD,
    UNHEALTHY_THRESHOLD,
    Rule,
    rules,
)
from tiketi.infra.http.router import SUPPORTED_VERSIONS
from tiketi.services.registry import SERVICES, Service
from tiketi.settings import Settings

PATH = "kong/kong.yaml"
PARAMETERS_PATH = "kong/parameters.example.env"
SETTINGS_PATH = "kong/kong.env"
# Written ${NAME} in the file; envsubst puts them in.
PARAMETERS = {
    "JWT_PUBLIC_KEY_PEM": "of the key that signs access tokens; its line breaks as \\n",
    "KONG_REDIS_HOST": "a Redis of the gateway's own, no cluster",
}
BUYER, ANONYMOUS = "buyer", "anonymous"
STICKY_COOKIE = "tiketi-task"
CONNECT_TIMEOUT_MS = 2_000
# Above the services' own bound on a whole request; an event stream's pings come every 25 s.
READ_TIMEOUT_MS = 60_000
REDIS_TIMEOUT_MS = 200
REDIS_PORT = 6379
# The breaker: what a service says of itself with 429 and 503 is an answer, and does not count.
BROKEN_STATUSES = (500, 502, 504)
BROKEN_AFTER_ANSWERS = 5
# Their callers are anonymous by design, and wait or browse: one limit an address for all.
_PUBLIC = frozenset({"event", "queue"})


def make_kong(environment: Environment, services: Sequence[Service] = SERVICES) -> dict[str, str]:
    """The file and what is to be put into it, by their paths."""
    document = configuration(environment, services).model_dump(
        mode="json", by_alias=True, exclude_none=True
    )
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    # In quotes: the shell that reads it would take a key's backslashes and spaces for its own.
    lines = [f"# {about}\n{name}=''\n" for name, about in PARAMETERS.items()]
    own = [f"{name}={value}\n" for name, value in _own_settings(environment).items()]
    return {PATH: text, PARAMETERS_PATH: "".join(lines), SETTINGS_PATH: "".join(own)}


def _own_settings(environment: Environment) -> dict[str, str]:
    """Kong's own environment. Without the trusted addresses a caller's is the balancer's, and all
    callers together have one's limit.
    """
    return {
        "KONG_DATABASE": "off",
        "KONG_DECLARATIVE_CONFIG": "/kong/final.yaml",
        "KONG_TRUSTED_IPS": environment.vpc_cidr,
        "KONG_REAL_IP_HEADER": "X-Forwarded-For",
        "KONG_REAL_IP_RECURSIVE": "on",
        # What the certificate of its Redis is verified by.
        "KONG_LUA_SSL_TRUSTED_CERTIFICATE": "system",
    }


def configuration(
    environment: Environment, services: Sequence[Service] = SERVICES
) -> kong.Configuration:
    """Without the admin service, which only the balancer's own host reaches."""
    routed = [rule for rule in rules(services) if rule.host == "api"]
    return kong.Configuration(
        _format_version="3.0",
        services=tuple(
            made
            for rule in routed
            for made in (
                *_versions(rule, environment),
                *_webhooks(rule, environment),
                *_elsewhere(rule, environment),
            )
        ),
        upstreams=tuple(_upstream(rule, environment) for rule in routed),
        consumers=(
            kong.Consumer(
                username=BUYER,
                jwt_secrets=(
                    kong.JwtSecret(
                        key=Settings.model_fields["token_issuer"].default,
                        algorithm="EdDSA",
                        rsa_public_key="${JWT_PUBLIC_KEY_PEM}",
                    ),
                ),
            ),
            kong.Consumer(username=ANONYMOUS),
        ),
        plugins=(_log(), _request_ids()),
    )


def routed_versions() -> tuple[str, ...]:
    """The supported ones and the next: a service says itself that it does not know it yet."""
    newest = max(int(version.removeprefix("v")) for version in SUPPORTED_VERSIONS)
    return (*SUPPORTED_VERSIONS, f"v{newest + 1}")


def _versions(rule: Rule, environment: Environment) -> list[kong.Service]:
    """``/v1/…`` and ``/api/v1/…`` are both what the service has at ``/api/v1/…``."""
    return [
        _service(
            f"{rule.service.name}-{version}",
            rule,
            environment,
            path=f"/api/{version}/{prefix}",
            paths=(f"/{version}/{prefix}", f"/api/{version}/{prefix}"),
        )
        for version in routed_versions()
        for prefix in rule.service.prefixes
    ]


def _webhooks(rule: Rule, environment: Environment) -> list[kong.Service]:
    """Payment companies come from few addresses, sign what they say, and have no limit."""
    if "payments" not in rule.service.modules:
        return []
    return [
        _service(
            f"webhooks-{version}",
            rule,
            environment,
            path=f"/api/{version}/{prefix}/webhooks",
            paths=(f"/{version}/{prefix}/webhooks", f"/api/{version}/{prefix}/webhooks"),
            plugins=(),
        )
        for version in SUPPORTED_VERSIONS
        for prefix in rule.service.prefixes
    ]


def _elsewhere(rule: Rule, environment: Environment) -> list[kong.Service]:
    return [
        _service(f"{rule.service.name}-{place}", rule, environment, path=path, paths=(path,))
        for place, path in enumerate(
            (path for path in rule.paths if not path.startswith("/api/")), start=1
        )
    ]


def _service(
    name: str,
    rule: Rule,
    environment: Environment,
    *,
    path: str,
    paths: tuple[str, ...],
    plugins: tuple[kong.Plugin, ...] | None = None,
) -> kong.Service:
    return kong.Service(
        name=name,
        protocol="http",
        host=rule.service.name,
        path=path,
        connect_timeout=CONNECT_TIMEOUT_MS,
        read_timeout=READ_TIMEOUT_MS,
        write_timeout=READ_TIMEOUT_MS,
        # What may have reached a service is for the client to repeat, with its Idempotency-Key.
        retries=0,
        routes=(
            kong.Route(
                name=name,
                hosts=environment.calling_hosts,
                paths=paths,
                protocols=("http", "https"),
                strip_path=True,
                preserve_host=True,
            ),
        ),
        plugins=_plugins(rule.service) if plugins is None else plugins,
    )


def _plugins(service: Service) -> tuple[kong.Plugin, ...]:
    limits = Settings.model_fields
    if service.name in _PUBLIC:
        return (_jwt(), _limit(limits["limit_public_per_minute"].default))
    return (
        _jwt(),
        # A consumer is every buyer together: the token tells one from another.
        _limit(limits["limit_user_per_minute"].default, consumer=BUYER, header="Authorization"),
        _limit(limits["limit_anonymous_per_minute"].default, consumer=ANONYMOUS),
    )


def _jwt() -> kong.JwtPlugin:
    config = kong.JwtConfig(
        key_claim_name="iss",
        claims_to_verify=("exp",),
        anonymous=ANONYMOUS,
        uri_param_names=(),
        run_on_preflight=False,
    )
    return kong.JwtPlugin(name="jwt", config=config)


def _limit(
    minute: int, *, consumer: str | None = None, header: str | None = None
) -> kong.RateLimitPlugin:
    config = kong.RateLimitConfig(
        minute=minute,
        limit_by="header" if header else "ip",
        header_name=header,
        policy="redis",
        redis=kong.RedisConfig(
            host="${KONG_REDIS_HOST}",
            port=REDIS_PORT,
            ssl=True,
            ssl_verify=True,
            timeout=REDIS_TIMEOUT_MS,
        ),
        # Without its Redis the gateway lets pass: the services have limits of their own.
        fault_tolerant=True,
        hide_client_headers=False,
    )
    return kong.RateLimitPlugin(name="rate-limiting", consumer=consumer, config=config)


def _upstream(rule: Rule, environment: Environment) -> kong.Upstream:
    service = rule.service
    failures = {"tcp_failures": UNHEALTHY_THRESHOLD, "timeouts": UNHEALTHY_THRESHOLD}
    checks = kong.HealthChecks(
        active=kong.ActiveChecks(
            type="http",
            http_path=service.health_path,
            timeout=HEALTH_TIMEOUT_SECONDS,
            healthy=kong.Healthy(interval=HEALTH_INTERVAL_SECONDS, successes=HEALTHY_THRESHOLD),
            unhealthy=kong.Unhealthy(
                interval=HEALTH_TIMEOUT_SECONDS,
                http_statuses=(*BROKEN_STATUSES, 503),
                http_failures=UNHEALTHY_THRESHOLD,
                **failures,
            ),
        ),
        passive=kong.PassiveChecks(
            type="http",
            healthy=kong.Healthy(successes=HEALTHY_THRESHOLD),
            unhealthy=kong.Unhealthy(
                http_statuses=BROKEN_STATUSES, http_failures=BROKEN_AFTER_ANSWERS, **failures
            ),
        ),
    )
    # The pods themselves, not their Service's one address: each is checked and kept to.
    host = f"{service.name}-tasks.{environment.prefix}.svc.cluster.local"
    return kong.Upstream(
        name=service.name,
        algorithm="consistent-hashing" if rule.sticky else "least-connections",
        hash_on="cookie" if rule.sticky else "none",
        hash_on_cookie=STICKY_COOKIE if rule.sticky else None,
        healthchecks=checks,
        targets=(kong.Target(target=f"{host}:{service.port}", weight=100),),
    )


def _log() -> kong.FileLogPlugin:
    """Kong itself hides Authorization; a pass and a receipt are as good as one."""
    hidden = {
        f"request.headers.{header}": "return nil" for header in ("queue-pass", "queue-receipt")
    }
    config = kong.FileLogConfig(path="/dev/stdout", reopen=False, custom_fields_by_lua=hidden)
    return kong.FileLogPlugin(name="file-log", config=config)


def _request_ids() -> kong.CorrelationPlugin:
    """Made here when the client sent none; the service answers it."""
    config = kong.CorrelationConfig(
        header_name="X-Request-Id", generator="uuid", echo_downstream=False
    )
    return kong.CorrelationPlugin(name="correlation-id", config=config)


class _Dumper(yaml.SafeDumper):
    """Parameters stand in double quotes: there a key's line breaks may be escaped."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = '"' if value.startswith("${") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)
