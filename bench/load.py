"""HTTP load by wrk: 64 connections, one thread, each request one of a list, in turn."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 64
SECONDS = 4
_SCRIPT = Path(__file__).with_name("in_turn.lua")
_POSTS = Path(__file__).with_name("in_order.lua")
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_P99 = re.compile(r"99%\s+([\d.]+)(us|ms|s)")
_ERRORS = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    """``refused``: answers other than 2xx and 3xx."""

    per_second: float
    p99_ms: float
    refused: int


def press_file(port: int, path: str, posts: Path) -> Load:
    """Each line of ``posts`` is one POST, once (in_order.lua)."""
    return _run(port, path, _POSTS, str(posts), seconds=SECONDS, connections=CONNECTIONS)


def press(
    port: int,
    path: str,
    *,
    method: str = "GET",
    header: str = "",
    values: Path | None = None,
    seconds: int = SECONDS,
    connections: int = CONNECTIONS,
) -> Load:
    """As many requests as the server answers. ``header`` has each line of ``values`` in turn."""
    words = (method, header, str(values or ""))
    return _run(port, path, _SCRIPT, *words, seconds=seconds, connections=connections)


def _run(port: int, path: str, script: Path, *words: str, seconds: int, connections: int) -> Load:
    arguments: Sequence[str] = [
        *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script)),
        f"http://127.0.0.1:{port}{path}",
        *("--", *words),
    ]
    said = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    rate, p99, errors = _RATE.search(said), _P99.search(said), _ERRORS.search(said)
    if rate is None or p99 is None:
        raise RuntimeError(f"wrk said nothing of use:\n{said}")
    return Load(
        float(rate[1]), float(p99[1]) * _MS[p99[2]], int(errors[1]) if errors is not None else 0
    )


def require_tools(*names: str) -> None:
    """Leave with what to install where a program is missing."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise SystemExit(f"needs {', '.join(missing)}: apt-get install wrk redis-tools")
