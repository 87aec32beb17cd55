"""A store's own directory: one owner at a time, its secrets, and who may walk into it."""

import fcntl
import os
import pwd
import secrets
import tempfile
from pathlib import Path

from tiketi.infra.embedded.errors import DirectoryInUse, EmbeddedError
from tiketi.infra.embedded.process import Account

# Postgres refuses to run as root; the first of these that exists runs it then.
UNPRIVILEGED_USERS = ("postgres", "nobody")
PASSWORD_BYTES = 24


class DirectoryLock:
    """An advisory lock that the kernel drops when its process ends, even by kill -9."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Raises DirectoryInUse, naming the owner's pid."""
        if self._descriptor is not None:
            return
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise DirectoryInUse(f"{self._path.parent} is in use by process {owner}") from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def prepare(directory: Path) -> None:
    """Make it, passable but not listable by others: a server of another account lives inside."""
    directory.mkdir(parents=True, exist_ok=True)
    if directory.stat().st_uid == os.geteuid():
        directory.chmod(0o711)


def write_private(path: Path, text: str) -> None:
    """Replace the file whole, readable by its owner alone."""
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_or_make_secret(path: Path) -> str:
    """The secret kept at ``path``, made on first use."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(PASSWORD_BYTES))
    return path.read_text().strip()


def unprivileged_account(existing: Path) -> Account | None:
    """Whom to run a server as: None means as ourselves, which is right unless we are root.

    Whoever owns ``existing`` data keeps it, since Postgres checks.
    """
    if os.geteuid() != 0:
        return None
    if existing.exists() and (status := existing.stat()).st_uid != 0:
        return Account(status.st_uid, status.st_gid)
    for name in UNPRIVILEGED_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(f"running as root needs one of the users {', '.join(UNPRIVILEGED_USERS)}")


def is_reachable(path: Path, account: Account) -> bool:
    """Whether ``account`` may enter every directory on the way to, and including, ``path``."""
    resolved = path.resolve()
    return all(_may_enter(part, account) for part in (resolved, *resolved.parents))


def _may_enter(path: Path, account: Account) -> bool:
    status = path.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def throwaway_directory(prefix: str = "tiketi-") -> Path:
    """A new temporary directory that an embedded server may live in even when we are root.

    The caller removes it.
    """
    directory = Path(tempfile.mkdtemp(prefix=prefix))
    directory.chmod(0o711)
    return directory
