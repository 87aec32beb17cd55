"""Server processes: spawned on a leash, watched by poll, stopped within a bound."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tiketi.infra.embedded import leash

LOG_BYTES_MAX = 16 * 1024 * 1024  # of a process, and once more of what it wrote before
LOG_TAIL_BYTES = 4096
POLL_INTERVAL_SECONDS = 0.01
KILL_TIMEOUT_SECONDS = 10.0

# Nothing of the caller's environment: PGDATA, PGPORT and the like would steer a server elsewhere.
CLEAN_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Account:
    """The user that a server runs as, when it is not the caller's own."""

    uid: int
    gid: int


def leashed(argv: Sequence[str], *, death_signal: int, account: Account | None) -> list[str]:
    """``argv`` behind the leash: ends by ``death_signal`` when this process dies.

    The kernel watches the *thread* that spawns. Only the main thread lives as long as the process,
    so a program spawned from another thread gets no leash.
    """
    if threading.current_thread() is not threading.main_thread():
        death_signal = 0
    uid, gid = (account.uid, account.gid) if account else (leash.KEEP_ACCOUNT, leash.KEEP_ACCOUNT)
    shim = [sys.executable, "-I", "-S", leash.__file__]
    return [*shim, str(os.getpid()), str(death_signal), str(uid), str(gid), *argv]


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    cwd: Path,
    death_signal: int,
    account: Account | None = None,
    env: Mapping[str, str] = CLEAN_ENVIRONMENT,
) -> subprocess.Popen[bytes]:
    """Start ``argv`` in its own session: a terminal's Ctrl-C is for its supervisor alone."""
    bound_log(log)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 # our own programs, no shell
            leashed(argv, death_signal=death_signal, account=account),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=dict(env),
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def bound_log(log: Path, *, bytes_max: int = LOG_BYTES_MAX) -> None:
    """Move what is written aside once it is too long; its writer, who appends, notices nothing.

    Lines that it writes between the copy and the cut are lost.
    """
    if log.exists() and log.stat().st_size > bytes_max:
        shutil.copy(log, log.with_suffix(log.suffix + ".1"))
        os.truncate(log, 0)


def wait_until(condition: Callable[[], bool], *, timeout_seconds: float) -> bool:
    """Whether ``condition`` came true in time."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_INTERVAL_SECONDS)
    return True


def stop(process: subprocess.Popen[bytes], steps: Iterable[tuple[signal.Signals, float]]) -> int:
    """Ask in ``steps`` of (signal, seconds to wait), then kill; its exit status."""
    for number, seconds in steps:
        if process.poll() is not None:
            return process.returncode
        process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    return process.wait(KILL_TIMEOUT_SECONDS)


def processes_in(directory: Path) -> list[psutil.Process]:
    """The live processes that work in ``directory``: a server's, whoever started it."""
    target = str(directory.resolve())
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == target and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue  # ended meanwhile, or another user's: not ours to judge
    return found


def sweep(directory: Path, *, polite: signal.Signals, timeout_seconds: float) -> int:
    """End what a killed predecessor left running in ``directory``; how many there were.

    The caller holds the directory's lock, so nobody alive owns these.
    """
    orphans = processes_in(directory)
    if not orphans:
        return 0
    _signal_all(orphans, polite)
    _signal_all(orphans, signal.SIGCONT)  # one that was stopped could not obey
    if not wait_until(lambda: not processes_in(directory), timeout_seconds=timeout_seconds):
        _signal_all(processes_in(directory), signal.SIGKILL)
        wait_until(lambda: not processes_in(directory), timeout_seconds=KILL_TIMEOUT_SECONDS)
    return len(orphans)


def _signal_all(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.Error:
            continue


def tail(log: Path, *, since_byte: int = 0) -> str:
    """The end of a log, at most ``LOG_TAIL_BYTES`` of what came after ``since_byte``."""
    if not log.exists():
        return ""
    size = log.stat().st_size
    start = min(max(since_byte, size - LOG_TAIL_BYTES), size) if since_byte <= size else 0
    with log.open("rb") as file:
        file.seek(start)
        return file.read(LOG_TAIL_BYTES).decode(errors="replace").strip()
