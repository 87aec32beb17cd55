"""What both embedded stores share: a directory with one owner, a remembered port, a life cycle."""

import atexit
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Self

from tiketi.infra.embedded import ports
from tiketi.infra.embedded.directory import (
    DirectoryLock,
    prepare,
    read_or_make_secret,
    write_private,
)
from tiketi.infra.embedded.errors import EmbeddedError
from tiketi.infra.embedded.process import stop, sweep, tail, wait_until

PORT_TRIES_MAX = 5
PORT_WAIT_SECONDS = 5.0  # for our own port to be free again after a crash
START_TIMEOUT_SECONDS = 30.0  # crash recovery of a busy store included
BUSY_PORT = "Address already in use"  # EADDRINUSE, as every server's log words it


class EmbeddedServer(ABC):
    """A store that lives in ``data_dir`` and listens on 127.0.0.1.

    ``port`` None: the one remembered from before, else a free one. The password is kept in
    ``data_dir``, readable by its owner alone. Not thread safe: one caller at a time.
    """

    name: ClassVar[str]
    polite_signal: ClassVar[signal.Signals]
    stop_steps: ClassVar[tuple[tuple[signal.Signals, float], ...]]
    orphan_timeout_seconds: float = 10.0  # for what a killed predecessor left to end politely

    def __init__(self, data_dir: Path, *, port: int | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self.log_path = self.data_dir / f"{self.name}.log"
        self._fixed_port = port
        self._port: int | None = None  # once it has been ready there
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = DirectoryLock(self.data_dir / "lock")

    @property
    def port(self) -> int:
        """Known once started."""
        if self._port is None:
            raise EmbeddedError(f"{self.name} has not been started")
        return self._port

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self.is_running() else None

    @property
    def password(self) -> str:
        prepare(self.data_dir)
        return read_or_make_secret(self.data_dir / "password")

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(
        self,
        *,
        timeout_seconds: float = START_TIMEOUT_SECONDS,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        """Until it answers. Ends first what a killed predecessor left running here; started again
        after it died, it keeps its port.

        Raises DirectoryInUse if a living process owns the directory, EmbeddedError with the end of
        its log if it does not come up, or once ``interrupted``.
        """
        if self.is_running():
            return
        prepare(self.data_dir)
        self._lock.acquire()
        try:
            self._sweep(self.polite_signal)
            self._wait_for_own_port()
            self._prepare_store()
            self._start_on_some_port(timeout_seconds, interrupted)
        except BaseException:
            self.stop()
            raise
        atexit.register(self.stop)

    def stop(self) -> None:
        """Gracefully, then harder, within a bound; nothing written is lost. Again: nothing."""
        if self._process is not None:
            stop(self._process, self.stop_steps)
            self._process = None
        self._lock.release()
        atexit.unregister(self.stop)

    def kill(self) -> None:
        """As by kill -9, children and all; ``start`` recovers."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._sweep(signal.SIGKILL)
        self._lock.release()
        atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _sweep(self, polite: signal.Signals) -> None:
        sweep(self._home(), polite=polite, timeout_seconds=self.orphan_timeout_seconds)

    def _start_on_some_port(self, timeout_seconds: float, interrupted: Callable[[], bool]) -> None:
        for _ in range(PORT_TRIES_MAX):
            port = self._choose_port()
            logged = self.log_path.stat().st_size if self.log_path.exists() else 0
            self._process = process = self._spawn(port)
            wait_until(
                lambda: (  # used at once, so the loop's variables are this round's
                    process.poll() is not None or self._is_ready(process.pid, port) or interrupted()  # noqa: B023 # asked at once
                ),
                timeout_seconds=timeout_seconds,
            )
            if process.poll() is None and self._is_ready(process.pid, port):
                self._port = port
                write_private(self.data_dir / "port", f"{port}\n")
                return
            words = tail(self.log_path, since_byte=logged)
            if self._fixed_port is not None or BUSY_PORT not in words:
                raise EmbeddedError(f"{self.name} did not start on port {port}: {words}")
        raise EmbeddedError(f"{self.name} found no free port in {PORT_TRIES_MAX} tries")

    def _wait_for_own_port(self) -> None:
        """After a crash it may take a moment; a port that the caller chose is free or it is not."""
        own = self._fixed_port or self._port
        seconds = 0.0 if self._port is None else PORT_WAIT_SECONDS
        if own is not None and not wait_until(lambda: ports.is_free(own), timeout_seconds=seconds):
            raise EmbeddedError(f"{self.name}'s port {own} is taken by {ports.owner_of(own)}")

    def _choose_port(self) -> int:
        """Its own if it has one, since others were told; else the remembered one, else any."""
        own = self._fixed_port or self._port
        if own is not None:
            return own
        try:
            remembered = int((self.data_dir / "port").read_text())
        except (OSError, ValueError):
            return ports.pick_free_port()
        return remembered if ports.is_free(remembered) else ports.pick_free_port()

    @abstractmethod
    def _home(self) -> Path:
        """The working directory of the server's processes, and of nothing else."""

    @abstractmethod
    def _prepare_store(self) -> None:
        """Whatever must exist before the first start."""

    @abstractmethod
    def _spawn(self, port: int) -> subprocess.Popen[bytes]: ...

    @abstractmethod
    def _is_ready(self, pid: int, port: int) -> bool: ...
