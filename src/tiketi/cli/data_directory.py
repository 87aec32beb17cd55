"""The directory in which `tiketi up` keeps all it has: stores, secrets, logs, mail."""

import json
import os
import secrets
from base64 import b64encode
from dataclasses import asdict, dataclass
from pathlib import Path

from tiketi.infra.embedded.directory import DirectoryLock, prepare, write_private
from tiketi.settings import Settings

ROOT_DIRECTORY = Path("/var/lib/tiketi")  # root's home is closed to the user Postgres runs as
USER_DIRECTORY = Path(".local/share/tiketi")
DEFAULT_DATA = f"Default: TIKETI_DATA, else ~/{USER_DIRECTORY}, for root {ROOT_DIRECTORY}."
WEBHOOK_SECRET_BYTES = 32


def default_data_directory() -> Path:
    """``TIKETI_DATA``, else ~/.local/share/tiketi, for root /var/lib/tiketi."""
    chosen = Settings().data
    if chosen is not None:
        return Path(chosen).expanduser().absolute()
    return ROOT_DIRECTORY if os.geteuid() == 0 else Path.home() / USER_DIRECTORY


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made on the first start and kept. ``roles``: the password of each service's database role."""

    signing_key: str
    sandbox_webhook_secret: str
    roles: dict[str, str]


class DataDirectory:
    """One owner at a time; everything secret in it is readable by the owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.postgres = self.path / "postgres"
        self.valkey = self.path / "valkey"
        self.logs = self.path / "logs"
        self.mail = self.path / "mail"
        # The services' working directory and nobody else's: by it a killed supervisor's are found.
        self.work = self.path / "services"
        self._seeded = self.path / "seeded"
        self._lock = DirectoryLock(self.path / "lock")

    def open(self) -> None:
        """Make it and own it. Raises DirectoryInUse, OSError."""
        prepare(self.path)
        self._lock.acquire()
        for folder in (self.logs, self.mail, self.work):
            folder.mkdir(mode=0o700, exist_ok=True)

    def close(self) -> None:
        self._lock.release()

    def secrets(self, role_names: list[str]) -> Secrets:
        """Those kept here, completed by what is missing."""
        from tiketi.infra.tokens import new_seed  # noqa: PLC0415 # libsodium is slow to import

        file = self.path / "secrets.json"
        kept = json.loads(file.read_text()) if file.exists() else {}
        webhook = "whsec_" + b64encode(secrets.token_bytes(WEBHOOK_SECRET_BYTES)).decode()
        roles = {name: secrets.token_urlsafe(24) for name in role_names}
        found = Secrets(
            signing_key=kept.get("signing_key") or new_seed(),
            sandbox_webhook_secret=kept.get("sandbox_webhook_secret") or webhook,
            roles={**roles, **kept.get("roles", {})},
        )
        if asdict(found) != kept:
            write_private(file, json.dumps(asdict(found), indent=2) + "\n")
        return found

    @property
    def is_seeded(self) -> bool:
        return self._seeded.exists()

    def mark_seeded(self) -> None:
        self._seeded.touch()
