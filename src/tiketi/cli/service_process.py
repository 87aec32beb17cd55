"""One service as a child process: `python -m tiketi serve NAME`, on a leash."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tiketi.infra.embedded.process import spawn, stop, tail

CONNECT_TIMEOUT_SECONDS = 0.5
# The service bounds its own shutdown well below this; then it is killed.
STOP_SECONDS = 20.0


class ServiceProcess:
    """Listening only once it has started up, so an open port means that it serves."""

    def __init__(
        self,
        name: str,
        *,
        port: int,
        host: str,
        environment: Mapping[str, str],
        log: Path,
        cwd: Path,
    ) -> None:
        self.name = name
        self.port = port
        self.log = log
        self._address = (connectable(host), port)
        self._environment = environment
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def url(self) -> str:
        host, port = self._address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def start(self, *, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Only begins: see ``is_listening``."""
        if interrupted():
            return
        self._process = spawn(
            [sys.executable, "-m", "tiketi", "serve", self.name],
            log=self.log,
            cwd=self._cwd,
            death_signal=signal.SIGTERM,
            env=self._environment,
        )

    def poll(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def is_listening(self) -> bool:
        try:
            socket.create_connection(self._address, CONNECT_TIMEOUT_SECONDS).close()
        except OSError:
            return False
        return True

    def send_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait_stopped(self, seconds: float = STOP_SECONDS) -> None:
        """After ``send_stop``; kills it when the time is over."""
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            stop(self._process, ())

    def last_words(self) -> str:
        """The last lines that it logged."""
        return "\n".join(tail(self.log).splitlines()[-5:])


def connectable(host: str) -> str:
    """Where to reach a server that listens on ``host``, wildcards included."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 # not bound here
