"""What other commands find of a local system that `tiketi up` runs: ``run.json``, owner only."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from tiketi.cli.data_directory import default_data_directory
from tiketi.infra.embedded.directory import write_private

FILE_NAME = "run.json"
CLOCK_SLACK_SECONDS = 2.0  # a start time is counted in ticks from boot


@dataclass(frozen=True, slots=True)
class RunningSystem:
    """A system that runs now. The URLs of the stores are their owner's, so keep them private.

    ``pids`` names every process: the services, ``postgres`` and ``valkey`` if they are embedded,
    and ``supervisor``. A child that was restarted has a new one, written within a second.
    """

    edge_url: str
    services: Mapping[str, str]
    database_url: str
    redis_url: str
    signing_key: str
    admin_email: str
    data_dir: Path
    pids: Mapping[str, int]
    started_at: float


def write_running(system: RunningSystem) -> None:
    content = {**asdict(system), "data_dir": str(system.data_dir)}
    write_private(system.data_dir / FILE_NAME, json.dumps(content, indent=2) + "\n")


def forget_running(data: Path) -> None:
    (data / FILE_NAME).unlink(missing_ok=True)


def find_running(data: Path | None = None) -> RunningSystem | None:
    """The system that runs on ``data`` (None: where `tiketi up` keeps it by default), or None.

    A file that a killed supervisor left behind is not believed.
    """
    folder = data or default_data_directory()
    try:
        content = json.loads((folder / FILE_NAME).read_text())
        system = RunningSystem(**{**content, "data_dir": Path(content["data_dir"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return system if _is_alive(system.pids.get("supervisor", 0), system.started_at) else None


def process_start_time(pid: int) -> float:
    """Seconds since the epoch; with the pid it names a process for good."""
    return float(psutil.Process(pid).create_time())


def _is_alive(pid: int, started_at: float) -> bool:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return bool(abs(process.create_time() - started_at) <= CLOCK_SLACK_SECONDS)
    except psutil.Error:
        return False
