"""Which system to go to: the one that runs here, or the one that an URL names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tiketi.cli.running import RunningSystem, find_running
from tiketi.cli.simulate.wire import BrokenExchange, Origin, connect, render

DEFAULT_URL = "http://127.0.0.1:8080"
EDGE = "edge"
# To end it would end everything, and nobody would be left to bring it back.
SUPERVISOR = "supervisor"


class Unreachable(Exception):
    """Nobody answers there."""


@dataclass(frozen=True, slots=True)
class Target:
    """``origins`` is the URL of each service by name, or of all under ``edge``.

    ``system`` is known when it is the one that runs on this machine.
    """

    origins: Mapping[str, str]
    system: RunningSystem | None = None

    @property
    def processes(self) -> Sequence[str]:
        """The names that may be killed."""
        return sorted(set(self.system.pids) - {SUPERVISOR}) if self.system else ()

    def pids_of(self, name: str) -> Sequence[int]:
        """The process's pid as of now: one that came back has another."""
        system = find_running(self.system.data_dir) if self.system else None
        return (system.pids[name],) if system and name in system.pids else ()


def find_target(url: str | None, data: Path | None = None) -> Target:
    """The system at ``url``; without one, the local system, by each service's own port.

    Raises ValueError for what is no URL of http or https.
    """
    system = find_running(data)
    if url is None:
        if system is None:
            return Target({EDGE: DEFAULT_URL})
        return Target({EDGE: system.edge_url, **system.services}, system)
    origin = Origin.of(url)
    same = system is not None and Origin.of(system.edge_url) == origin
    return Target({EDGE: url}, system if same else None)


async def check_reachable(target: Target) -> None:
    """Raises Unreachable, naming every URL where nobody answers."""
    silent = [url for url in target.origins.values() if not await _answers(Origin.of(url))]
    if silent:
        raise Unreachable(f"nobody answers at {', '.join(silent)}; `tiketi up` starts a system")


async def _answers(origin: Origin) -> bool:
    try:
        connection = await connect(origin, set())
        answer = await connection.exchange(render(origin, "GET", "/health", {}, None))
    except BrokenExchange:
        return False
    connection.close()
    return answer.ok
