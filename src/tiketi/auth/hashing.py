"""Passwords: argon2id in threads of its own, so many at once, and a line that has an end."""

import asyncio
import os
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from prometheus_client import Counter, Gauge

from tiketi.auth.domain import canonical_password
from tiketi.auth.errors import PasswordLineFull
from tiketi.infra.runtime import Runtime

T = TypeVar("T")

# A run takes about 120 ms, so who is last in line waits about two seconds.
WAITING_PER_THREAD_MAX = 16
RETRY_AFTER_SECONDS = 3

RUNS = Counter("tiketi_password_hash_runs_total", "Runs of argon2, to hash or to verify.")
LINE = Gauge(
    "tiketi_password_hash_line",
    "Runs of argon2 under way or waiting.",
    multiprocess_mode="livesum",
)

# RFC 9106 §4, the second recommended option: 64 MiB, three passes, four lanes.
_ARGON2 = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)


class PasswordHashing:
    """The process's one place where argon2 runs; ``Runtime.one`` makes it."""

    def __init__(self, runtime: Runtime) -> None:
        threads = runtime.settings.password_hashes_at_once_max
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._line_max = threads * (1 + WAITING_PER_THREAD_MAX)
        self.line_length = 0

    async def hash(self, password: str) -> str:
        """The password's hash in argon2's encoding; PasswordLineFull."""
        return await self._run(lambda: _ARGON2.hash(canonical_password(password)))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password. Without a hash it never is, and is found out as slowly."""
        matches = await self._run(lambda: _matches(password, password_hash or unmatchable_hash()))
        return matches and password_hash is not None

    async def _run(self, work: Callable[[], T]) -> T:
        if self.line_length >= self._line_max:
            raise PasswordLineFull(retry_after_seconds=RETRY_AFTER_SECONDS)
        self.line_length += 1
        LINE.inc()
        running = asyncio.get_running_loop().run_in_executor(self._threads, _counted, work)
        # Whoever waited may be gone; the thread is busy until it is done.
        running.add_done_callback(self._leave)
        return await asyncio.shield(running)

    def _leave(self, done: asyncio.Future[T]) -> None:
        self.line_length -= 1
        LINE.dec()
        if not done.cancelled():
            done.exception()


def unmatchable_hash() -> str:
    """A hash of no password, that costs as much to verify as a real one."""
    salt, digest = os.urandom(_ARGON2.salt_len), os.urandom(_ARGON2.hash_len)
    parameters = f"m={_ARGON2.memory_cost},t={_ARGON2.time_cost},p={_ARGON2.parallelism}"
    return f"$argon2id$v=19${parameters}${_unpadded(salt)}${_unpadded(digest)}"


def _counted(work: Callable[[], T]) -> T:
    RUNS.inc()
    return work()


def _matches(password: str, password_hash: str) -> bool:
    try:
        return _ARGON2.verify(password_hash, canonical_password(password))
    except (VerificationError, InvalidHashError):
        return False


def _unpadded(raw: bytes) -> str:
    return b64encode(raw).rstrip(b"=").decode()
