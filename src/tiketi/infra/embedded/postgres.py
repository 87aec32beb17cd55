"""An embedded PostgreSQL (15 or newer): 127.0.0.1 only, scram passwords, UTC, UTF-8."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from tiketi.infra.embedded.binaries import PostgresBinaries, find_postgres
from tiketi.infra.embedded.directory import is_reachable, unprivileged_account, write_private
from tiketi.infra.embedded.errors import EmbeddedError
from tiketi.infra.embedded.ports import LOOPBACK
from tiketi.infra.embedded.process import CLEAN_ENVIRONMENT, Account, leashed, spawn
from tiketi.infra.embedded.server import EmbeddedServer

OWNER = "tiketi"
DATABASE = "tiketi"
TOOL_TIMEOUT_SECONDS = 60.0
# pg_trgm finds Korean only where the character type is a UTF-8 one; not every libc has C.UTF-8.
LOCALES = ("C.UTF-8", "en_US.UTF-8")
READY_LINE = 7  # of postmaster.pid, as pg_ctl reads it: "ready" or "standby"

SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # a socket's path may be too long, and /tmp is everybody's
    "max_connections": "200",
    "shared_buffers": "256MB",
    "wal_buffers": "16MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",  # flash
    "jit": "off",  # short statements: compiling costs more than it saves
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "logging_collector": "off",
    "password_encryption": "scram-sha-256",
}
UNSAFE_SETTINGS: Mapping[str, str] = {
    "fsync": "off",  # survives a dead process, not a dead machine: for tests
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
}


class EmbeddedPostgres(EmbeddedServer):
    """``data_dir`` holds ``cluster/`` (PGDATA), the password, the port and the log.

    ``fsync=False`` is for throw-away data. ``settings`` override the server's. As root the server
    runs as another user, who must be able to walk into ``data_dir`` (see ``throwaway_directory``).
    """

    name: ClassVar[str] = "postgres"
    polite_signal: ClassVar[signal.Signals] = signal.SIGINT  # fast: roll back, checkpoint, end
    stop_steps: ClassVar[tuple[tuple[signal.Signals, float], ...]] = (
        (signal.SIGINT, 10.0),
        (signal.SIGQUIT, 3.0),  # at once; the next start replays the log
    )

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        fsync: bool = True,
        settings: Mapping[str, str] | None = None,
        binaries: PostgresBinaries | None = None,
    ) -> None:
        super().__init__(data_dir, port=port)
        self.cluster = self.data_dir / "cluster"
        self._fsync = fsync
        self._settings = {**SETTINGS, **({} if fsync else UNSAFE_SETTINGS), **(settings or {})}
        self._given_binaries = binaries

    def url(
        self, *, user: str = OWNER, password: str | None = None, database: str = DATABASE
    ) -> str:
        """``postgresql://…``; without ``password`` the owner's."""
        word = quote(password or self.password, safe="")
        return f"postgresql://{quote(user, safe='')}:{word}@{LOOPBACK}:{self.port}/{database}"

    @property
    def account(self) -> Account | None:
        """Whom the server runs as; None: as ourselves."""
        return unprivileged_account(self.cluster)

    def run_tool(self, name: str, *arguments: str, stdin: str | None = None) -> str:
        """Run one of Postgres's programs as the server's user; its output.

        Raises EmbeddedError with what it said.
        """
        argv = [self._binaries().program(name), *arguments]
        try:
            answer = subprocess.run(  # noqa: S603 # a program of the server, no shell
                leashed(argv, death_signal=signal.SIGTERM, account=self.account),
                input=stdin,
                capture_output=True,
                text=True,
                timeout=TOOL_TIMEOUT_SECONDS,
                cwd="/",
                env={**CLEAN_ENVIRONMENT, "PGPASSWORD": self.password},
                check=True,
            )
        except subprocess.CalledProcessError as error:
            raise EmbeddedError(f"{name} failed: {error.stderr.strip()}") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EmbeddedError(f"{name} failed: {error}") from error
        return answer.stdout

    def _home(self) -> Path:
        return self.cluster

    def _prepare_store(self) -> None:
        account = self.account
        if account is not None and not is_reachable(self.data_dir, account):
            raise EmbeddedError(
                f"as root, PostgreSQL runs as uid {account.uid}, who may not enter {self.data_dir}:"
                " choose a directory open to others (chmod o+x its parents), or run as a user"
            )
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise(account)
        # The lock is ours and the sweep is done, so whatever process bears that number now, it is
        # not this cluster's; Postgres would believe the number and refuse.
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _initialise(self, account: Account | None) -> None:
        """Whole or not at all: a half-made cluster never gets its final name."""
        partial = self.data_dir / "cluster.partial"
        words = self.data_dir / "initdb.password"
        write_private(words, self.password)
        if account is not None:
            os.chown(words, account.uid, account.gid)
        try:
            self._initdb(partial, words, account)
            self.run_tool(
                *("postgres", "--single", "-D", str(partial), "-c", "fsync=off", "postgres"),
                stdin=f"CREATE DATABASE {DATABASE};\n",
            )
        finally:
            words.unlink(missing_ok=True)
        if self._fsync:
            self.run_tool("initdb", "--sync-only", "-D", str(partial))
        partial.rename(self.cluster)

    def _initdb(self, partial: Path, words: Path, account: Account | None) -> None:
        failure: EmbeddedError | None = None
        for locale in LOCALES:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(mode=0o700)
            if account is not None:
                os.chown(partial, account.uid, account.gid)
            arguments = ["-D", str(partial), "-U", OWNER, f"--pwfile={words}"]
            arguments += ["--auth=scram-sha-256", "--encoding=UTF8", f"--locale={locale}"]
            try:
                self.run_tool("initdb", *arguments, "--no-sync", "--no-instructions")
            except EmbeddedError as error:
                failure = error
                if "locale" not in str(error):
                    raise
            else:
                return
        assert failure is not None
        raise failure

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        program = self._binaries().program("postgres")
        return spawn(
            [program, "-D", str(self.cluster), f"-cport={port}", *options],
            log=self.log_path,
            cwd=self.data_dir,
            death_signal=signal.SIGINT,
            account=self.account,
        )

    def _is_ready(self, pid: int, port: int) -> bool:  # noqa: ARG002 # its file says it all
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        if len(lines) <= READY_LINE or lines[0] != str(pid):
            return False
        return lines[READY_LINE].strip() in {"ready", "standby"}

    def _binaries(self) -> PostgresBinaries:
        if self._given_binaries is None:
            version = self.cluster / "PG_VERSION"
            major = int(version.read_text()) if version.exists() else None
            self._given_binaries = find_postgres(major=major)
        return self._given_binaries.reachable_by(self.account, copies=self.data_dir)
