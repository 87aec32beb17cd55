"""What a container of each service is given: its command, its settings, its secrets."""

from collections.abc import Sequence
from dataclasses import dataclass

from deploy.environment import Environment
from tiketi.services.registry import SERVICES, Service

# Inside of the image; docs/settings.md says what each setting means.
READ_ONLY_ROOT = True
USER_ID = 10_001
GROUP_ID = 10_001
# Readiness turns, the balancer notices, requests in flight end, stores are closed.
SHUTDOWN_NOTICE_SECONDS = 20
SHUTDOWN_GRACE_SECONDS = 20
STOP_TIMEOUT_SECONDS = 90
# Where mail is handed in: by TLS from the start, and by STARTTLS.
SMTP_PORTS = (465, 587)


@dataclass(frozen=True, slots=True)
class SecretValue:
    """One variable whose value is the key ``key`` of the JSON secret ``secret``."""

    variable: str
    secret: str
    key: str


@dataclass(frozen=True, slots=True)
class Secret:
    """A JSON document in the secret store. ``keys`` are what somebody has to put there, or what
    the data stack does.
    """

    name: str
    keys: tuple[str, ...]
    about: str


def secrets(services: Sequence[Service] = SERVICES) -> tuple[Secret, ...]:
    """Every secret there is; each is readable by the services that name it alone."""
    return (
        *(
            Secret(
                database_secret(service),
                ("url", "reader_url"),
                f"the log-in of {service.role} at the writer and at the readers",
            )
            for service in services
        ),
        Secret("redis", ("url",), "rediss+cluster:// with its AUTH token"),
        Secret("signing-key", ("seed",), "Ed25519 seeds; the first signs"),
        Secret("public-keys", ("jwks",), "what verifies the tokens that the seeds sign"),
        Secret("smtp", ("url",), "where mail is handed in"),
        Secret(
            "payments",
            (
                "sandbox_webhook_secret",
                "toss_secret_key",
                "toss_client_key",
                "stripe_secret_key",
                "stripe_publishable_key",
                "stripe_webhook_secret",
            ),
            "the payment companies' keys",
        ),
        Secret(
            "migration",
            ("url", "admin_password", "role_passwords"),
            "the owner's log-in, the first admin's password, each role's as role=password by comma",
        ),
    )


def secret_path(environment: Environment, name: str) -> str:
    """What a secret is called in the secret store."""
    return f"{environment.prefix}/{name}"


def database_secret(service: Service) -> str:
    return f"database-{service.name}"


def secrets_of(service: Service) -> tuple[SecretValue, ...]:
    found = [
        SecretValue("TIKETI_DATABASE_URL", database_secret(service), "url"),
        SecretValue("TIKETI_DATABASE_READER_URL", database_secret(service), "reader_url"),
        SecretValue("TIKETI_REDIS_URL", "redis", "url"),
    ]
    if service.signs_tokens:
        found.append(SecretValue("TIKETI_SIGNING_KEY", "signing-key", "seed"))
    else:
        found.append(SecretValue("TIKETI_JWKS", "public-keys", "jwks"))
    if "mail" in service.loops:
        found.append(SecretValue("TIKETI_SMTP_URL", "smtp", "url"))
    if "payments" in service.modules:
        payments = next(secret for secret in secrets() if secret.name == "payments")
        found += [SecretValue(f"TIKETI_{key.upper()}", payments.name, key) for key in payments.keys]
    return tuple(found)


def migration_secrets() -> tuple[SecretValue, ...]:
    """What the one-off task ``tiketi migrate`` is given."""
    return (
        SecretValue("TIKETI_DATABASE_URL", "migration", "url"),
        SecretValue("TIKETI_ADMIN_PASSWORD", "migration", "admin_password"),
        SecretValue("TIKETI_ROLE_PASSWORDS", "migration", "role_passwords"),
        SecretValue("TIKETI_REDIS_URL", "redis", "url"),
    )


def settings_of(service: Service, environment: Environment) -> dict[str, str]:
    """What is no secret, in the order of the variables' names."""
    found = {
        "TIKETI_HOST": "0.0.0.0",  # noqa: S104 # its own network interface
        "TIKETI_PORT": str(service.port),
        "TIKETI_PROCESSES": str(service.vcpu),
        "TIKETI_PUBLIC_URL": f"https://{environment.domain}",
        "TIKETI_SHUTDOWN_NOTICE_SECONDS": str(SHUTDOWN_NOTICE_SECONDS),
        "TIKETI_SHUTDOWN_GRACE_SECONDS": str(SHUTDOWN_GRACE_SECONDS),
        "TIKETI_TRUSTED_PROXIES": environment.vpc_cidr,
    }
    if "payments" in service.modules:
        webhooks = "/api/v1/payments/webhooks/sandbox"
        found["TIKETI_SANDBOX_WEBHOOK_URL"] = f"https://{environment.api_host}{webhooks}"
        found["TIKETI_PAYMENT_PROVIDERS"] = environment.payment_providers
    if "mail" in service.loops:
        found["TIKETI_MAIL_FROM"] = f"Tiketi <tickets@{environment.domain}>"
    return dict(sorted(found.items()))


def command_of(service: Service) -> list[str]:
    """The image's entrypoint is ``tiketi``; the role is the command."""
    return ["serve", service.name]


def migration_command() -> list[str]:
    return ["migrate"]
