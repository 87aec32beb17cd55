"""compose.yaml: the six services and both stores on one machine, to try the image with.

    python -m deploy compose > compose.yaml

Passwords come from `.env`, which scripts/compose-secrets makes.
"""

from collections.abc import Sequence
from typing import Any

import yaml

from deploy.containers import GROUP_ID, USER_ID, command_of, migration_command
from tiketi.services.registry import SERVICES, Service

POSTGRES_IMAGE = "postgres:17"
VALKEY_IMAGE = "valkey/valkey:8"
IMAGE = "tiketi:local"
OWNER = "tiketi"
STOP_SECONDS = 15
TEMPORARY = "/tmp"  # noqa: S108 # a file system in memory of the container's own
MAIL_DIRECTORY = f"{TEMPORARY}/mail"
# Of the image: it starts as root only to change to this.
VALKEY_USER = "999:999"
HEADER = """\
# Made by `python -m deploy compose`: change deploy/compose.py instead.
#
#   scripts/compose-secrets     # once: makes .env, which git ignores
#   docker compose up --build   # http://127.0.0.1:3010 … 3015
"""

_Block = dict[str, Any]


def compose(services: Sequence[Service] = SERVICES) -> str:
    """The whole file."""
    document = {
        "name": "tiketi",
        "services": {
            "postgres": _postgres(),
            "valkey": _valkey(),
            "migration": _migration(services),
            **{service.name: _service(service, services) for service in services},
        },
        "volumes": {"postgres": {}},
    }
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1_000)
    return f"{HEADER}\n{text}"


def required(name: str) -> str:
    """Compose refuses to start without it, and says what to do."""
    return f"${{{name}:?run scripts/compose-secrets}}"


def password_variable(service: Service) -> str:
    return f"{service.role.upper()}_PASSWORD"


def _confined() -> _Block:
    return {
        "read_only": True,
        "tmpfs": [f"{TEMPORARY}:size=64m,mode=1777"],
        "security_opt": ["no-new-privileges:true"],
        "cap_drop": ["ALL"],
    }


def _postgres() -> _Block:
    return {
        "image": POSTGRES_IMAGE,
        "environment": {
            "POSTGRES_USER": OWNER,
            "POSTGRES_DB": OWNER,
            "POSTGRES_PASSWORD": required("POSTGRES_PASSWORD"),
        },
        "read_only": True,
        "tmpfs": [TEMPORARY, "/run/postgresql"],
        "shm_size": "256m",
        "security_opt": ["no-new-privileges:true"],
        "volumes": ["postgres:/var/lib/postgresql/data"],
        "healthcheck": _asked(["pg_isready", "-q", "-U", OWNER, "-d", OWNER], every_seconds=2),
        "stop_grace_period": "60s",
        "restart": "unless-stopped",
    }


def _valkey() -> _Block:
    """Whatever it forgets, the services bring back: nothing is written to disk."""
    start = 'exec valkey-server --save "" --maxmemory-policy noeviction --requirepass "$$PASSWORD"'
    ping = 'REDISCLI_AUTH="$$PASSWORD" valkey-cli ping | grep -q PONG'
    return {
        "image": VALKEY_IMAGE,
        "user": VALKEY_USER,
        "command": ["sh", "-c", start],
        "environment": {"PASSWORD": required("VALKEY_PASSWORD")},
        "read_only": True,
        "tmpfs": ["/data:mode=1777", TEMPORARY],
        "security_opt": ["no-new-privileges:true"],
        "healthcheck": _asked(["sh", "-c", ping], every_seconds=2),
        "restart": "unless-stopped",
    }


def _migration(services: Sequence[Service]) -> _Block:
    passwords = ",".join(
        f"{service.role}={required(password_variable(service))}" for service in services
    )
    return {
        "image": IMAGE,
        "build": {"context": "."},
        "command": migration_command(),
        "user": f"{USER_ID}:{GROUP_ID}",
        "environment": {
            "TIKETI_DATABASE_URL": _database(OWNER, "POSTGRES_PASSWORD"),
            "TIKETI_REDIS_URL": _redis(),
            "TIKETI_ROLE_PASSWORDS": passwords,
            "TIKETI_ADMIN_PASSWORD": required("ADMIN_PASSWORD"),
        },
        **_confined(),
        "depends_on": {store: {"condition": "service_healthy"} for store in ("postgres", "valkey")},
        "healthcheck": {"disable": True},
        "restart": "no",
    }


def _service(service: Service, services: Sequence[Service]) -> _Block:
    return {
        "image": IMAGE,
        "command": command_of(service),
        "user": f"{USER_ID}:{GROUP_ID}",
        "environment": _environment(service, services),
        "ports": [f"127.0.0.1:{service.port}:{service.port}"],
        **_confined(),
        "depends_on": {"migration": {"condition": "service_completed_successfully"}},
        "stop_grace_period": f"{STOP_SECONDS}s",
        "restart": "unless-stopped",
    }


def _environment(service: Service, services: Sequence[Service]) -> dict[str, str]:
    """One process each: the machine's cores are everybody's. The image asks after their health."""
    found = {
        "TIKETI_DATABASE_URL": _database(service.role, password_variable(service)),
        "TIKETI_REDIS_URL": _redis(),
        "TIKETI_HOST": "0.0.0.0",  # noqa: S104 # its own network interface
        "TIKETI_PORT": str(service.port),
        "TIKETI_PROCESSES": "1",
        "TIKETI_SHUTDOWN_NOTICE_SECONDS": "0",
    }
    if service.signs_tokens:
        found["TIKETI_SIGNING_KEY"] = required("SIGNING_KEY")
    else:
        auth = next(other for other in services if "auth" in other.modules)
        found["TIKETI_JWKS_URL"] = f"http://{auth.name}:{auth.port}/.well-known/jwks.json"
    if "mail" in service.loops:
        found["TIKETI_MAIL_DIRECTORY"] = MAIL_DIRECTORY
    if "payments" in service.modules:
        webhooks = "/api/v1/payments/webhooks/sandbox"
        # Where a buyer's browser finds the sandbox's page: there is no site here.
        found["TIKETI_PUBLIC_URL"] = f"http://127.0.0.1:{service.port}"
        found["TIKETI_SANDBOX_WEBHOOK_URL"] = f"http://{service.name}:{service.port}{webhooks}"
        found["TIKETI_SANDBOX_WEBHOOK_SECRET"] = required("SANDBOX_WEBHOOK_SECRET")
    return found


def _database(role: str, password: str) -> str:
    return f"postgresql://{role}:{required(password)}@postgres:5432/{OWNER}"


def _redis() -> str:
    return f"redis://:{required('VALKEY_PASSWORD')}@valkey:6379/0"


def _asked(command: Sequence[str], *, every_seconds: int) -> _Block:
    return {
        "test": ["CMD", *command],
        "interval": f"{every_seconds}s",
        "timeout": "5s",
        "retries": 30,
    }
