"""A task of several processes: one service, one port, a process a core, one supervisor above them.

Each process listens by itself with SO_REUSEPORT (docs/adr/0021): the kernel spreads connections.
"""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from tiketi.cli.supervisor import Supervisor, describe
from tiketi.infra.embedded.process import leashed, stop, wait_until
from tiketi.infra.shared_metrics import DIRECTORY_VARIABLE, forget_state
from tiketi.services.server import ServerError, bind, shutdown_seconds_max
from tiketi.settings import Settings, inherited_environment

log = structlog.get_logger("tiketi.task")

# In memory where there is such a place: a counter is written with every request.
MEMORY = Path("/dev/shm")  # noqa: S108 # a new folder in it, ours alone
STARTED_SECONDS_MAX = 180.0  # interpreters importing at once on a small, busy machine
OVERDUE_SECONDS = 2.0  # beyond what a process takes at most to end by itself
SETTLED = "settled"
SIGNALLED_EXIT_CODE = 128  # plus the signal's number, as shells have it


class TaskProcess:
    """Number ``slot`` of a task's processes; ``folder`` is what they have in common."""

    def __init__(
        self, service: str, slot: int, *, environment: Mapping[str, str], folder: Path
    ) -> None:
        self.name = f"{service} {slot}"
        self._argv = [sys.executable, "-m", "tiketi", "serve", service, "--slot", str(slot)]
        self._slot, self._environment, self._folder = slot, environment, folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self, *, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Only begins: see ``is_serving``. In a session of its own: a terminal's Ctrl-C is for its
        supervisor, and a second signal would cut its drain short.
        """
        if interrupted():
            return
        forget_state(self._folder, self._slot)
        serving_mark(self._folder, self._slot).unlink(missing_ok=True)
        self._process = subprocess.Popen(  # noqa: S603 # ourselves
            leashed(self._argv, death_signal=signal.SIGTERM, account=None),
            stdin=subprocess.DEVNULL,
            env=dict(self._environment),
            start_new_session=True,
        )

    def is_serving(self) -> bool:
        return serving_mark(self._folder, self._slot).exists()

    def poll(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def tell_to_end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        if self._process is not None:
            stop(self._process, ())


def run_task(service: str, settings: Settings, *, processes: int, port: int) -> int:
    """Until SIGTERM or SIGINT; its exit status.

    Raises ServerError if the port is taken. A process that ends before it ever served ends the
    task, so that a wrong setting is seen; later ones are started again.
    """
    signals = _watch_signals()
    bind(settings.host, port).close()  # a shared bind would not notice somebody else's
    with bind(settings.host, port, shared=True) as kept, _shared_folder() as name:
        folder = Path(name)
        environment = {
            **inherited_environment(),
            "TIKETI_PORT": str(kept.getsockname()[1]),
            DIRECTORY_VARIABLE: name,
        }
        children = [
            TaskProcess(service, slot, environment=environment, folder=folder)
            for slot in range(processes)
        ]
        for child in children:
            child.start()
        failed = _wait_serving(children, signals)
        if failed is None and not signals:
            (folder / SETTLED).touch()
            log.info("task_serving", service=service, processes=processes)
            supervisor = Supervisor(say=lambda line: log.warning("task_process", said=line))
            for child in children:
                supervisor.watch(child)
            supervisor.run(lambda: bool(signals))
        status = _end(children, signals, shutdown_seconds_max(settings) + OVERDUE_SECONDS)
        return status if failed is None else failed


def serving_mark(folder: Path, slot: int) -> Path:
    """The file that a process makes once it accepts connections."""
    return folder / f"serving.{slot}"


def _shared_folder() -> tempfile.TemporaryDirectory[str]:
    with suppress(OSError):
        return tempfile.TemporaryDirectory(prefix="tiketi-task-", dir=MEMORY)
    return tempfile.TemporaryDirectory(prefix="tiketi-task-")


def _watch_signals() -> list[int]:
    """Grows with each signal that asks us to end."""
    received: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: received.append(got))
    return received


def _wait_serving(children: Sequence[TaskProcess], signals: list[int]) -> int | None:
    """None once all serve or a signal came; the status of the first that ended before."""

    def ended() -> TaskProcess | None:
        return next((child for child in children if child.poll() is not None), None)

    in_time = wait_until(
        lambda: (
            bool(signals) or ended() is not None or all(child.is_serving() for child in children)
        ),
        timeout_seconds=STARTED_SECONDS_MAX,
    )
    if signals:
        return None
    if not in_time:
        raise ServerError(f"{len(children)} processes took over {STARTED_SECONDS_MAX:g} s to start")
    lost = ended()
    if lost is None:
        return None
    status = lost.poll() or 0
    log.error("task_process_did_not_start", process=lost.name, ended=describe(status))
    return _exit_code(status) or 1


def _end(children: Sequence[TaskProcess], signals: list[int], seconds_max: float) -> int:
    """Tell all of them, wait for all together, kill what is left; the first status that is not 0.

    A second signal is passed on: it skips their waiting.
    """
    running = [child for child in children if child.poll() is None]
    passed_on = [False]

    def settled() -> bool:
        if len(signals) > 1 and not passed_on[0]:
            passed_on[0] = True
            _tell(running)
        return all(child.poll() is not None for child in running)

    _tell(running)
    if not wait_until(settled, timeout_seconds=seconds_max):
        for child in running:
            child.kill()
    return next((code for child in running if (code := _exit_code(child.poll() or 0))), 0)


def _tell(children: Sequence[TaskProcess]) -> None:
    for child in children:
        child.tell_to_end()


def _exit_code(status: int) -> int:
    return SIGNALLED_EXIT_CODE - status if status < 0 else status
