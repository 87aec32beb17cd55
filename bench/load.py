"""HTTP load by wrk: 64 connections, one thread, each request one of a list, in turn."""

import re
import shutil
import signal
import subprocess
import time
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


def press_once(port: int, path: str, posts: Path, *, connections: int, seconds_max: int) -> Load:
    """All lines of ``posts``, and then the end. wrk itself would go on to its last second."""
    done = posts.with_suffix(".done")
    done.unlink(missing_ok=True)
    words = (str(posts), str(done))
    command = _command(port, path, _POSTS, *words, seconds=seconds_max, connections=connections)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as wrk:
        while wrk.poll() is None and not done.exists():
            time.sleep(0.05)
        wrk.send_signal(signal.SIGINT)
        said, _ = wrk.communicate()
    if not done.exists():
        raise RuntimeError(f"not every answer came within {seconds_max} s:\n{said}")
    return _heard(said)


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
    command = _command(port, path, script, *words, seconds=seconds, connections=connections)
    return _heard(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _command(
    port: int, path: str, script: Path, *words: str, seconds: int, connections: int
) -> list[str]:
    return [
        *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script)),
        f"http://127.0.0.1:{port}{path}",
        *("--", *words),
    ]


def _heard(said: str) -> Load:
    rate, p99, errors = _RATE.search(said), _P99.search(said), _ERRORS.search(said)
    if rate is None or p99 is None:
        raise RuntimeError(f"wrk said nothing of use:\n{said}")
    return Load(
        float(rate[1]), float(p99[1]) * _MS[p99[2]], int(errors[1]) if errors is not None else 0
    )


def answered(load: Load) -> float:
    """Answers a second, where none was a refusal."""
    if load.refused:
        raise RuntimeError(f"{load.refused} calls were refused: {load}")
    return load.per_second


def require_tools(*names: str) -> None:
    """Leave with what to install where a program is missing."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise SystemExit(f"needs {', '.join(missing)}: apt-get install wrk redis-tools")
