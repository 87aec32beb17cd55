"""The part of Kong's declarative format 3.0 that we use; what is not here is refused.

Sources: Kong Gateway's reference of entities and of the plugins jwt, rate-limiting, file-log and
correlation-id, 3.7 or newer, which is when jwt learnt EdDSA.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]+$")]
Path = Annotated[str, Field(pattern=r"^/")]
Count = Annotated[int, Field(ge=0, le=255)]
Milliseconds = Annotated[int, Field(ge=1, le=2**31 - 2)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class JwtConfig(_Strict):
    """``anonymous``: who has no good token is that consumer; the service decides what it may."""

    key_claim_name: Literal["iss"]
    claims_to_verify: tuple[Literal["exp", "nbf"], ...]
    anonymous: Name
    uri_param_names: tuple[str, ...]
    run_on_preflight: bool


class RedisConfig(_Strict):
    host: str
    port: int
    ssl: bool
    ssl_verify: bool
    timeout: Milliseconds


class RateLimitConfig(_Strict):
    minute: Annotated[int, Field(gt=0)]
    limit_by: Literal["consumer", "credential", "ip", "service", "header", "path"]
    header_name: str | None = None
    policy: Literal["local", "cluster", "redis"]
    redis: RedisConfig
    fault_tolerant: bool
    hide_client_headers: bool

    @model_validator(mode="after")
    def _header_is_named(self) -> "RateLimitConfig":
        if (self.limit_by == "header") != (self.header_name is not None):
            raise ValueError("header_name goes with limit_by: header")
        return self


class FileLogConfig(_Strict):
    path: str
    reopen: bool
    custom_fields_by_lua: dict[str, str]


class CorrelationConfig(_Strict):
    header_name: str
    generator: Literal["uuid", "uuid#counter", "tracker"]
    echo_downstream: bool


class JwtPlugin(_Strict):
    name: Literal["jwt"]
    config: JwtConfig


class RateLimitPlugin(_Strict):
    name: Literal["rate-limiting"]
    consumer: Name | None = None
    config: RateLimitConfig


class FileLogPlugin(_Strict):
    name: Literal["file-log"]
    config: FileLogConfig


class CorrelationPlugin(_Strict):
    name: Literal["correlation-id"]
    config: CorrelationConfig


Plugin = Annotated[
    JwtPlugin | RateLimitPlugin | FileLogPlugin | CorrelationPlugin, Field(discriminator="name")
]


class Route(_Strict):
    name: Name
    hosts: tuple[str, ...]
    paths: Annotated[tuple[Path, ...], Field(min_length=1)]
    protocols: tuple[Literal["http", "https"], ...]
    strip_path: bool
    preserve_host: bool


class Service(_Strict):
    """``host`` is an upstream's name; the port is its targets'."""

    name: Name
    protocol: Literal["http"]
    host: Name
    path: Path
    connect_timeout: Milliseconds
    read_timeout: Milliseconds
    write_timeout: Milliseconds
    retries: Annotated[int, Field(ge=0, le=32_767)]
    routes: Annotated[tuple[Route, ...], Field(min_length=1)]
    plugins: tuple[Plugin, ...]


class Healthy(_Strict):
    interval: int | None = None
    successes: Count


class Unhealthy(_Strict):
    interval: int | None = None
    http_statuses: tuple[Annotated[int, Field(ge=100, le=999)], ...]
    http_failures: Count
    tcp_failures: Count
    timeouts: Count


class ActiveChecks(_Strict):
    type: Literal["http"]
    http_path: Path
    timeout: int
    healthy: Healthy
    unhealthy: Unhealthy


class PassiveChecks(_Strict):
    type: Literal["http"]
    healthy: Healthy
    unhealthy: Unhealthy


class HealthChecks(_Strict):
    active: ActiveChecks
    passive: PassiveChecks


class Target(_Strict):
    target: Annotated[str, Field(pattern=r"^[a-z0-9.-]+:[0-9]+$")]
    weight: Annotated[int, Field(ge=0, le=65_535)]


class Upstream(_Strict):
    name: Name
    algorithm: Literal["round-robin", "least-connections", "consistent-hashing"]
    hash_on: Literal["none", "cookie"] = "none"
    hash_on_cookie: str | None = None
    healthchecks: HealthChecks
    targets: Annotated[tuple[Target, ...], Field(min_length=1)]


class JwtSecret(_Strict):
    """``rsa_public_key`` is what Kong calls the public key of every algorithm."""

    key: str
    algorithm: Literal["EdDSA"]
    rsa_public_key: str


class Consumer(_Strict):
    username: Name
    jwt_secrets: tuple[JwtSecret, ...] = ()


class Configuration(_Strict):
    format_version: Literal["3.0"] = Field(alias="_format_version")
    services: tuple[Service, ...]
    upstreams: tuple[Upstream, ...]
    consumers: tuple[Consumer, ...]
    plugins: tuple[Plugin, ...]

    @model_validator(mode="after")
    def _refers_to_what_there_is(self) -> "Configuration":
        upstreams = {upstream.name for upstream in self.upstreams}
        consumers = {consumer.username for consumer in self.consumers}
        for service in self.services:
            if service.host not in upstreams:
                raise ValueError(f"{service.name}: no upstream {service.host}")
            for plugin in service.plugins:
                named = (
                    plugin.consumer
                    if isinstance(plugin, RateLimitPlugin)
                    else getattr(plugin.config, "anonymous", None)
                )
                if named is not None and named not in consumers:
                    raise ValueError(f"{service.name}: no consumer {named}")
        return self
