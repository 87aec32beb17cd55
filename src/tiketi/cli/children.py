"""The services of a local system as child processes, and the environment each is given."""

from collections.abc import Mapping
from dataclasses import dataclass

from tiketi.cli.data_directory import DataDirectory, Secrets
from tiketi.cli.service_process import ServiceProcess, connectable
from tiketi.cli.stores import Stores
from tiketi.infra.pools import POOLS_DEFAULT
from tiketi.services.registry import EDGE, SERVICES, Service
from tiketi.settings import Settings, inherited_environment

WEBHOOK_PATH = "/api/v1/payments/webhooks/sandbox"


@dataclass(frozen=True, slots=True)
class Ports:
    """``base`` None: the registry's own ports; else one after the other from there."""

    edge: int
    base: int | None = None

    def of(self, service: Service) -> int:
        if service.name == EDGE.name:
            return self.edge
        return service.port if self.base is None else self.base + SERVICES.index(service)


def make_children(
    data: DataDirectory, settings: Settings, stores: Stores, secrets: Secrets, ports: Ports
) -> list[ServiceProcess]:
    """One for each service and the edge, not started yet."""
    shared = _shared_environment(data, settings, secrets, ports)
    children = []
    for service in (*SERVICES, EDGE):
        own = {
            **stores.log_in_as(service, secrets.roles),
            **_keys(service, settings, secrets),
            "TIKETI_PORT": str(ports.of(service)),
            # All services share this machine's cores, and one supervisor.
            "TIKETI_PROCESSES": "1",
        }
        children.append(
            ServiceProcess(
                service.name,
                port=ports.of(service),
                host=settings.host,
                environment={**shared, **own},
                log=data.logs / f"{service.name}.log",
                cwd=data.work,
            )
        )
    return children


def _shared_environment(
    data: DataDirectory, settings: Settings, secrets: Secrets, ports: Ports
) -> dict[str, str]:
    """Whatever the caller set stays set, but for secrets that only some may have."""
    given = inherited_environment()
    payment = next(service for service in SERVICES if "payments" in service.modules)
    host = connectable(settings.host)
    defaults = {
        "TIKETI_PUBLIC_URL": f"http://{host}:{ports.edge}",
        "TIKETI_SANDBOX_WEBHOOK_URL": f"http://{host}:{ports.of(payment)}{WEBHOOK_PATH}",
        "TIKETI_SANDBOX_WEBHOOK_SECRET": secrets.sandbox_webhook_secret,
        # Nobody balances load between these, so nobody needs notice.
        "TIKETI_SHUTDOWN_NOTICE_SECONDS": "0",
        # A process a service, where many are planned for: together far below the server's limit.
        "TIKETI_DATABASE_POOL_MAX": str(POOLS_DEFAULT.writer),
        "TIKETI_DATABASE_READER_POOL_MAX": str(POOLS_DEFAULT.reader),
    }
    if settings.smtp_url is None:
        defaults["TIKETI_MAIL_DIRECTORY"] = str(data.mail)
    kept = {name: value for name, value in given.items() if name not in _PRIVATE}
    return {**defaults, **kept}


_PRIVATE = frozenset({"TIKETI_SIGNING_KEY", "TIKETI_ADMIN_PASSWORD", "TIKETI_DATABASE_ROLE"})


def _keys(service: Service, settings: Settings, secrets: Secrets) -> Mapping[str, str]:
    from tiketi.infra.tokens import public_jwks  # noqa: PLC0415 # libsodium is slow to import

    seeds = signing_key(settings, secrets)
    if service.signs_tokens:
        return {"TIKETI_SIGNING_KEY": seeds}
    return {"TIKETI_JWKS": public_jwks(seeds)}


def signing_key(settings: Settings, secrets: Secrets) -> str:
    """The key of the settings, else that of the data directory."""
    given = settings.signing_key
    return secrets.signing_key if given is None else given.get_secret_value()
