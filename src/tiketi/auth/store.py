"""Failed log-ins, counted an account, so that many addresses together cannot guess for long.

Who guesses must not lock the owner out: an address from which the account was logged in to, or
its password reset, counts by itself. Redis may lose all of it; then the counts start again.
"""

from dataclasses import dataclass
from types import TracebackType

import structlog

from tiketi.auth.errors import InvalidCredentials, LoginThrottled
from tiketi.auth.keys import failures_key, known_address_key
from tiketi.infra.lua import load_script
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable

log = structlog.get_logger(__name__)

# At the anonymous limit one address alone needs six minutes to fail so often.
FAILURES_MAX = 60
WINDOW_MS = 600_000
KNOWN_FOR_SECONDS = 90 * 86_400
_COUNT_FAILURE = load_script("tiketi.auth", "count_failure")


@dataclass(frozen=True, slots=True)
class Attempt:
    """``async with Attempt(…)`` around the proof of a password, of an account that may not exist.

    Entering raises LoginThrottled when too many before it failed. InvalidCredentials inside
    counts as a failure; no error makes the address one that the account knows.
    """

    runtime: Runtime
    email_key: str
    address: str

    async def __aenter__(self) -> None:
        if self._is_counted:
            await self._check()

    async def __aexit__(
        self, _type: object, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.know_address()
        elif self._is_counted and isinstance(error, InvalidCredentials):
            await self._fail()

    async def _check(self) -> None:
        try:
            key = await self._key()
            failures = await self.runtime.redis.command("GET", key)
            if failures is None or int(failures) < FAILURES_MAX:
                return
            left_ms = int(await self.runtime.redis.command("PTTL", key))
        except Unavailable:
            log.warning("login_failures_unknown")
            return
        raise LoginThrottled(retry_after_seconds=max(1, -(-left_ms // 1000)))

    async def _fail(self) -> None:
        try:
            await self.runtime.redis.run(_COUNT_FAILURE, [await self._key()], [WINDOW_MS])
        except Unavailable:
            log.warning("login_failure_not_counted")

    async def know_address(self) -> None:
        """Count this address by itself from now on, and forget its failures."""
        if not self._is_counted:
            return
        known = known_address_key(self.email_key, self.address)
        try:
            await self.runtime.redis.command("SET", known, "1", "EX", KNOWN_FOR_SECONDS)
            await self.runtime.redis.command("DEL", failures_key(self.email_key, self.address))
        except Unavailable:
            log.warning("login_address_not_kept")

    @property
    def _is_counted(self) -> bool:
        settings = self.runtime.settings
        return settings.rate_limit_enabled and settings.limit_anonymous_per_minute > 0

    async def _key(self) -> str:
        known = known_address_key(self.email_key, self.address)
        is_known = await self.runtime.redis.command("EXISTS", known)
        return failures_key(self.email_key, self.address if is_known else None)
