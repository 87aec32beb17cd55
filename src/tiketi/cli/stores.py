"""The stores of a local system: its own, or those that the settings name."""

from collections.abc import Callable

from tiketi.cli.data_directory import DataDirectory
from tiketi.infra.embedded import EmbeddedPostgres, EmbeddedValkey
from tiketi.services.registry import Service
from tiketi.settings import Settings


class Stores:
    """``ephemeral``: the data need not outlive a crash of the machine, so nothing is synced."""

    def __init__(self, data: DataDirectory, settings: Settings, *, ephemeral: bool) -> None:
        self._settings = settings
        self.postgres = (
            EmbeddedPostgres(data.postgres, fsync=not ephemeral)
            if settings.database_url is None
            else None
        )
        self.valkey = EmbeddedValkey(data.valkey) if settings.redis_url is None else None

    @property
    def embedded(self) -> list[EmbeddedPostgres | EmbeddedValkey]:
        return [store for store in (self.postgres, self.valkey) if store is not None]

    def start(self, *, interrupted: Callable[[], bool]) -> None:
        """Raises EmbeddedError."""
        for store in self.embedded:
            store.start(interrupted=interrupted)

    def stop(self) -> None:
        """Valkey first: what it holds may be lost, and Postgres checkpoints alone."""
        for store in reversed(self.embedded):
            store.stop()

    @property
    def owner_url(self) -> str:
        if self.postgres is not None:
            return self.postgres.url()
        assert self._settings.database_url is not None
        return self._settings.database_url

    @property
    def redis_url(self) -> str:
        if self.valkey is not None:
            return self.valkey.url()
        assert self._settings.redis_url is not None
        return self._settings.redis_url

    def log_in_as(self, service: Service, passwords: dict[str, str]) -> dict[str, str]:
        """The settings by which a service reaches the stores: as its own role.

        Our own Postgres has a password for each; elsewhere the given log-in acts as the role.
        """
        if self.postgres is not None:
            url = self.postgres.url(user=service.role, password=passwords[service.role])
            return {"TIKETI_DATABASE_URL": url, "TIKETI_REDIS_URL": self.redis_url}
        return {
            "TIKETI_DATABASE_URL": self.owner_url,
            "TIKETI_DATABASE_ROLE": service.role,
            "TIKETI_REDIS_URL": self.redis_url,
        }
