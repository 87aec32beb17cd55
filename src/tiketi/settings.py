"""The only reader of the environment: every setting is ``TIKETI_<NAME>`` in upper case.

A name ends in its unit. What an event sets for itself wins over what stands here.
"""

import os
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = IPv4Network | IPv6Network


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TIKETI_", extra="ignore", frozen=True)

    data: str | None = Field(
        None, description="home of `tiketi up`; unset: ~/.local/share/tiketi, root: /var/lib/tiketi"
    )

    # stores
    database_url: str | None = Field(None, description="PostgreSQL writer; unset: embedded")
    database_reader_url: str | None = Field(None, description="reads that may lag; unset: writer")
    database_role: str | None = Field(None, description="the role a shared log-in acts as")
    database_pool_max: int | None = Field(
        None, ge=1, le=100, description="connections a process, writer; unset: the service's own"
    )
    database_reader_pool_max: int | None = Field(
        None, ge=1, le=100, description="the same of the reader; unset: the service's own"
    )
    database_timeout_seconds: float = Field(5.0, gt=0, description="a statement's longest run")
    redis_url: str | None = Field(
        None, description="redis[s]:// or redis[s]+cluster://, nodes by comma; unset: embedded"
    )
    redis_pool_max: int = Field(64, ge=1, description="connections a process")
    redis_timeout_seconds: float = Field(2.0, gt=0, description="a command's longest wait")

    # reads
    answers_bytes_max: int = Field(
        128 * 1024 * 1024, ge=1_048_576, description="rendered public reads that a process keeps"
    )
    stale_answers_max_seconds: float = Field(
        600.0, ge=1, description="public reads may be so old while the database is away"
    )

    # server
    server: Literal["hypercorn", "uvicorn"] = Field("hypercorn", description="the HTTP server")
    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int | None = Field(None, ge=0, le=65535, description="unset: the registry's port")
    processes: int = Field(
        1, ge=1, le=64, description="of `tiketi serve`, all on one port: as many as it has cores"
    )
    shutdown_notice_seconds: float = Field(
        1.0, ge=0, description="readiness says 503 so long before the port closes"
    )
    shutdown_grace_seconds: float = Field(4.0, ge=0, description="then, for requests in flight")
    body_bytes_max: int = Field(65_536, ge=1, description="larger is answered 413")
    body_timeout_seconds: float = Field(10.0, gt=0, description="for a whole request body")
    request_timeout_seconds: float = Field(30.0, gt=0, description="for a whole request")
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="comma-separated networks whose X-Forwarded-For counts"
    )
    public_url: str = Field("http://127.0.0.1:8080", description="where buyers find the site")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="JSON lines on standard error, from this level on"
    )

    # tokens
    signing_key: SecretStr | None = Field(
        None, description="Ed25519 seed, 32 bytes in base64url; several by comma, the first signs"
    )
    jwks_url: str | None = Field(None, description="where a service without signing_key verifies")
    jwks: str | None = Field(None, description="the public keys themselves, as JSON")
    token_issuer: str = Field("tiketi", description="iss of every token")
    access_token_ttl_seconds: int = Field(600, ge=1, description="an access token's life")
    refresh_token_ttl_seconds: int = Field(
        30 * 86_400, ge=1, description="a session's life from the log-in on"
    )
    password_hashes_at_once_max: int = Field(2, ge=1, description="argon2 runs a process")
    password_reset_ttl_seconds: int = Field(3_600, ge=1, description="a reset link's life")
    admin_email: str = Field("admin@tiketi.local", description="the first admin")
    admin_password: SecretStr | None = Field(
        None, description="the first admin's; unset: `tiketi up` makes one up and prints it once"
    )
    role_passwords: SecretStr | None = Field(
        None, description="role=password by comma: `tiketi migrate` lets these log in"
    )

    # limits
    rate_limit_enabled: bool = Field(True, description="whether any of the limits below holds")
    limit_anonymous_per_minute: int = Field(10, ge=0, description="an address; 0 turns it off")
    limit_user_per_minute: int = Field(100, ge=0, description="an account; 0 turns it off")
    limit_public_per_minute: int = Field(600, ge=0, description="an address; 0 turns it off")

    # selling
    seat_lock_ttl_seconds: int = Field(10, ge=1, description="a lock lapses unless renewed")
    lock_max_seconds: int = Field(120, ge=1, description="a lock's whole life, renewals included")
    hold_ttl_seconds: int = Field(300, ge=1, description="a pending reservation's time to pay")
    pass_ttl_seconds: int = Field(600, ge=2, description="a queue pass's life")
    claim_batch_max: int = Field(128, ge=1, description="claims that one statement decides")
    claim_flights_max: int = Field(
        1, ge=1, description="such statements at once, each on a connection of its own"
    )
    claims_waiting_max: int = Field(
        2_000, ge=1, description="claims that wait for theirs; more are answered 503 at once"
    )
    claim_wait_seconds_max: float = Field(
        2.0, gt=0, description="a claim whose turn does not come by then is answered 503"
    )
    sweep_interval_seconds: float = Field(
        1.0, gt=0, description="between rounds that end expired holds"
    )
    sweep_batch_max: int = Field(200, ge=1, description="reservations a transaction")
    offer_ttl_seconds: int = Field(
        900, ge=1, description="what comes free is kept so long for who waited for it"
    )
    waiting_list_interval_seconds: float = Field(
        0.5, gt=0, description="between rounds that offer what came free"
    )
    waiting_list_passed_over_max: int = Field(
        3, ge=0, description="so often others are served before a party that needs more places"
    )
    waiting_list_gather_seconds_max: float = Field(
        900.0, ge=0, description="then places are gathered for it, and no longer than this"
    )
    admit_interval_seconds: float = Field(0.25, gt=0, description="between rounds of admission")
    audience_interval_seconds: float = Field(
        30.0, gt=0, description="between records of how many people came to each line"
    )
    hold_target_ms: int = Field(
        500, ge=1, description="holds that take longer on average slow admission"
    )
    payment_target_ms: int = Field(
        3_000, ge=1, description="payments whose confirmation takes longer slow it too"
    )
    idempotency_ttl_seconds: int = Field(
        86_400, ge=1, description="an Idempotency-Key's answer is kept so long"
    )

    # live
    live_tick_seconds: float = Field(
        1.0, gt=0, description="between reads of the line and the seats for those connected"
    )
    live_ping_seconds: float = Field(25.0, gt=0, description="between pings of a live connection")

    # payments
    payment_providers: str = Field(
        "sandbox", description="by comma, the first is the default: sandbox, toss, stripe"
    )
    payment_extension_seconds: int = Field(300, ge=0, description="a payment extends its hold once")
    payment_provider_timeout_seconds: float = Field(
        5.0, gt=0, description="a provider's answer; later it is in doubt"
    )
    payment_breaker_failures_max: int = Field(
        5, ge=1, description="calls in a row without an answer before a provider is left alone"
    )
    payment_breaker_open_seconds: float = Field(10.0, gt=0, description="left alone so long")
    payment_reconcile_after_seconds: float = Field(10.0, gt=0, description="in doubt: ask")
    sandbox_webhook_secret: SecretStr | None = Field(
        None, description="whsec_…; unset: one of this process alone"
    )
    sandbox_webhook_url: str = Field(
        "http://127.0.0.1:3014/api/v1/payments/webhooks/sandbox",
        description="where the sandbox sends its webhooks",
    )
    toss_secret_key: SecretStr | None = Field(None, description="test_sk_… or live_sk_…")
    toss_client_key: str | None = Field(None, description="test_ck_… or live_ck_…, for the page")
    toss_api_url: str = Field("https://api.tosspayments.com", description="Toss Payments' API")
    stripe_secret_key: SecretStr | None = Field(None, description="sk_test_… or sk_live_…")
    stripe_publishable_key: str | None = Field(
        None, description="pk_test_… or pk_live_…, for the page"
    )
    stripe_webhook_secret: SecretStr | None = Field(
        None, description="whsec_…, of the endpoint /api/v1/payments/webhooks/stripe"
    )
    stripe_api_url: str = Field("https://api.stripe.com", description="Stripe's API")
    webhook_tolerance_seconds: int = Field(
        300, ge=1, description="a webhook's timestamp may be off, either way"
    )

    # mail
    smtp_url: SecretStr | None = Field(None, description="smtp://user:password@host:port")
    mail_from: str = Field("Tiketi <tickets@tiketi.local>", description="the sender")
    mail_directory: str | None = Field(None, description="with no SMTP, a file a message here")

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value


def inherited_environment() -> dict[str, str]:
    """A copy of what this process was started with, for the processes that it starts."""
    return dict(os.environ)
