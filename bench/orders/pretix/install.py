"""pretix in a virtual environment of its own, kept in the user's cache directory."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PINNED = ("pretix==2026.8.0", "gunicorn==27.0.1")
INSTALL_SECONDS_MAX = 900.0  # 600 MB of wheels


class NotInstalled(RuntimeError):
    """pretix cannot be had here, and why."""


@dataclass(frozen=True)
class Installed:
    """``directory`` is ours to keep things in between runs."""

    directory: Path

    @property
    def python(self) -> str:
        return str(self.directory / "venv/bin/python")


def install() -> Installed:
    """The one of an earlier run, else a new one. Raises NotInstalled."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    directory = caches / "tiketi-bench" / "-".join((*PINNED, python)).replace("==", "-")
    ready = directory / "ready"
    if not ready.exists():
        print(f"installing {' and '.join(PINNED)}: a minute or two, once", flush=True)
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        _run(sys.executable, "-m", "venv", str(directory / "venv"))
        _run(Installed(directory).python, "-m", "pip", "install", "--quiet", *PINNED)
        ready.touch()
    return Installed(directory)


def _run(*command: str) -> None:
    try:
        subprocess.run(
            command,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            check=True,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS_MAX,
        )
    except subprocess.CalledProcessError as error:
        # What pip says last is what it failed at; before it are its retries.
        raise NotInstalled((error.stderr.strip().splitlines() or ["no word why"])[-1]) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(str(error)) from error
