"""An embedded Valkey (or Redis 7 and newer): 127.0.0.1 only, a password, an append-only file."""

import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from tiketi.infra.embedded.binaries import find_valkey
from tiketi.infra.embedded.directory import write_private
from tiketi.infra.embedded.ports import LOOPBACK
from tiketi.infra.embedded.process import spawn
from tiketi.infra.embedded.server import EmbeddedServer

PING_TIMEOUT_SECONDS = 1.0
REPLY_BYTES_MAX = 256

SETTINGS: Mapping[str, str] = {
    "bind": LOOPBACK,
    "protected-mode": "yes",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",  # a lock must lapse by its time, never by pressure
    "save": '""',  # the append-only file is the persistence
    "daemonize": "no",
    "tcp-backlog": "511",
}


class EmbeddedValkey(EmbeddedServer):
    """``data_dir`` holds ``store/`` (its working directory), the password, the port and the log.

    ``settings`` override valkey.conf's, such as ``{"cluster-enabled": "yes"}``; a value stands as
    it would in the file.
    """

    name: ClassVar[str] = "valkey"
    polite_signal: ClassVar[signal.Signals] = signal.SIGTERM
    stop_steps: ClassVar[tuple[tuple[signal.Signals, float], ...]] = ((signal.SIGTERM, 10.0),)

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        binary: Path | None = None,
    ) -> None:
        super().__init__(data_dir, port=port)
        self.store = self.data_dir / "store"
        self._settings = {**SETTINGS, **(settings or {})}
        self._given_binary = binary

    def url(self, database: int = 0) -> str:
        return f"redis://:{quote(self.password, safe='')}@{LOOPBACK}:{self.port}/{database}"

    def _home(self) -> Path:
        return self.store

    def _prepare_store(self) -> None:
        self.store.mkdir(mode=0o700, exist_ok=True)

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        binary = self._given_binary or find_valkey()
        self._given_binary = binary
        lines = {
            **self._settings,
            "port": str(port),
            "dir": f'"{self.store}"',
            "requirepass": self.password,
            "masterauth": self.password,  # Valkey knows it by its old name too
        }
        # In a file, not among the arguments, where everybody could read the password.
        config = self.data_dir / "valkey.conf"
        write_private(config, "".join(f"{name} {value}\n" for name, value in lines.items()))
        return spawn(
            [str(binary), str(config)],
            log=self.log_path,
            cwd=self.store,
            death_signal=signal.SIGTERM,
        )

    def _is_ready(self, pid: int, port: int) -> bool:  # noqa: ARG002 # it answers or it does not
        return b"+PONG" in ask(port, self.password, "PING")


def ask(port: int, password: str, command: str) -> bytes:
    """The replies to AUTH and one inline command; empty when nobody answers."""
    try:
        with socket.create_connection((LOOPBACK, port), PING_TIMEOUT_SECONDS) as link:
            link.sendall(f"AUTH {password}\r\n{command}\r\n".encode())
            replies = b""
            while replies.count(b"\r\n") < 2:  # noqa: PLR2004 # one line for each command
                if not (part := link.recv(REPLY_BYTES_MAX)):
                    break
                replies += part
            return replies
    except OSError:
        return b""
