"""haproxy before real services, and what it says of them."""

import csv
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from tiketi.infra.embedded.process import wait_until

_SYSTEM_PLACE = Path("/usr/sbin/haproxy")  # Debian's, not on everybody's PATH
INSTALL_SECONDS = 100


def find_haproxy() -> str:
    """The program; as root it is installed where it is missing."""
    if (found := _found()) is not None:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["update", "-qq"], ["install", "-y", "-qq", "haproxy"]):
            subprocess.run(["apt-get", *command], check=False, timeout=INSTALL_SECONDS)
    found = _found()
    assert found is not None, "these tests need haproxy: `apt-get install haproxy` as root"
    return found


def _found() -> str | None:
    return shutil.which("haproxy") or (str(_SYSTEM_PLACE) if _SYSTEM_PLACE.exists() else None)


class Haproxy:
    """``folder`` holds the configuration, the log and the socket that it takes orders at."""

    def __init__(self, folder: Path) -> None:
        self.program = find_haproxy()
        self.folder = folder
        self.socket = folder / "admin.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        return (self.folder / "haproxy.log").read_text()

    def start(self, configuration: str) -> None:
        file = self.folder / "haproxy.cfg"
        file.write_text(configuration)
        with (self.folder / "haproxy.log").open("w") as log:
            self._process = subprocess.Popen(
                [self.program, "-db", "-f", file], stdout=log, stderr=subprocess.STDOUT
            )
        assert wait_until(self._is_up, timeout_seconds=10), self.said

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(10)

    def servers(self, backend: str) -> dict[str, str]:
        """The state of each server of a service: ``UP``, ``DOWN``, or on the way between."""
        lines = self._ask("show stat").lstrip("# ").splitlines()
        return {
            row["svname"]: row["status"]
            for row in csv.DictReader(lines)
            if row["pxname"] == backend and row["svname"] not in ("BACKEND", "FRONTEND")
        }

    def _ask(self, order: str) -> str:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(str(self.socket))
            link.sendall(f"{order}\n".encode())
            said = b""
            while part := link.recv(65_536):
                said += part
        return said.decode()

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.said
        try:
            return bool(self._ask("show info"))
        except OSError:
            return False
