"""What can be wrong with this machine: programs, ports, the data directory, its disk."""

import os
import platform
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tiketi.cli.findings import Finding, ok, warning, wrong
from tiketi.cli.running import RunningSystem
from tiketi.infra.embedded import EmbeddedError
from tiketi.infra.embedded.binaries import find_postgres, find_valkey
from tiketi.infra.embedded.directory import is_reachable, unprivileged_account
from tiketi.infra.embedded.ports import is_free, owner_of
from tiketi.services.registry import EDGE, SERVICES

PYTHON_MIN = (3, 11)
DISK_BYTES_MIN = 1_000_000_000
DISK_BYTES_EASY = 5_000_000_000
SECRET_FILES = ("secrets.json", "run.json", "postgres/password", "valkey/password")


def check_python() -> Finding:
    version = platform.python_version()
    if sys.version_info < PYTHON_MIN:
        needed = ".".join(map(str, PYTHON_MIN))
        return wrong("python", version, f"install Python {needed} or newer")
    return ok("python", version)


def check_programs(*, needs_postgres: bool, needs_valkey: bool) -> Iterator[Finding]:
    """The embedded stores' programs, where no URL makes them needless."""
    if needs_postgres:
        yield _found("postgres program", lambda: str(find_postgres().bin))
    if needs_valkey:
        yield _found("valkey program", lambda: str(find_valkey()))


def _found(subject: str, find: Callable[[], str]) -> Finding:
    try:
        return ok(subject, find())
    except EmbeddedError as error:
        said, _, remedy = str(error).partition(": ")
        return wrong(subject, said, remedy)


def check_ports(host: str, running: RunningSystem | None) -> Iterator[Finding]:
    """The site's and the services' own ports; those of a system that runs here are no news."""
    ours = set(running.pids.values()) if running else set()
    for service in (EDGE, *SERVICES):
        subject = f"port {service.port}"
        if is_free(service.port, host=host):
            yield ok(subject, f"free, for {service.name}")
            continue
        owner = owner_of(service.port)
        if any(f"(pid {pid})" in owner for pid in ours):
            yield ok(subject, f"{service.name} of the system that runs here")
            continue
        option = "--port" if service is EDGE else "--service-port-base"
        remedy = f"stop it, or use `tiketi up {option}`"
        yield wrong(subject, f"{service.name}'s, but taken by {owner}", remedy)


def check_data(data: Path, *, needs_postgres: bool) -> Iterator[Finding]:
    """Whether `tiketi up` can keep its state there."""
    home = next(part for part in (data, *data.parents) if part.exists())
    if not home.is_dir() or not os.access(home, os.W_OK | os.X_OK):
        yield wrong("data", f"{home} is not a directory that you may write", _ELSEWHERE)
        return
    account = unprivileged_account(data / "postgres" / "cluster") if needs_postgres else None
    if account is not None and not is_reachable(home, account):
        said = f"{home} is closed to uid {account.uid}, who runs PostgreSQL when you are root"
        yield wrong("data", said, f"chmod o+x it and its parents, or {_ELSEWHERE}")
        return
    yield ok("data", f"{data}" if home == data else f"{data}, made at the first start")
    for name in SECRET_FILES:
        file = data / name
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield wrong("secrets", f"{file} can be read by others", f"chmod 600 {file}")


_ELSEWHERE = "choose another with TIKETI_DATA or --data"


def check_disk(data: Path) -> Finding:
    home = next(part for part in (data, *data.parents) if part.exists())
    free = shutil.disk_usage(home).free
    said = f"{free / 1e9:.1f} GB free at {home}"
    if free < DISK_BYTES_MIN:
        return wrong("disk", said, "free some: a full disk stops PostgreSQL")
    if free < DISK_BYTES_EASY:
        return warning("disk", said, "enough for a trial, not for an on-sale")
    return ok("disk", said)
