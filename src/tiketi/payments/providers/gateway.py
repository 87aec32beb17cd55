"""A provider as the rest of the module calls it: with a deadline, and behind a circuit breaker.

Each kind of call has a circuit of its own, so that a company whose charges hang while its look-ups
answer counts as failing where it fails.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

import structlog
from prometheus_client import Counter
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import HALF_OPENED, Context, OpenedState

from tiketi.kernel.errors import Invalid
from tiketi.payments.errors import AnswerLost, ProviderAway
from tiketi.payments.providers.protocol import Provider

log = structlog.get_logger(__name__)

T = TypeVar("T")

CALLS = Counter(
    "tiketi_provider_calls_total", "Calls to payment providers.", ["provider", "call", "outcome"]
)


class ProviderCall(StrEnum):
    CREATE = "create"
    CONFIRM = "confirm"
    FETCH = "fetch"
    CANCEL = "cancel"
    REFUND = "refund"


class Gateway:
    """One provider. ``ask`` must not be called in a transaction, nor while a lock is held."""

    def __init__(
        self,
        provider: Provider,
        *,
        timeout_seconds: float,
        failures_max: int,
        open_seconds: float,
    ) -> None:
        self.provider = provider
        self._timeout_seconds = timeout_seconds
        self._open_seconds = open_seconds
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=failures_max, default_ttl=open_seconds
        )
        self._on_trial: set[ProviderCall] = set()

    async def check(self, call: ProviderCall) -> None:
        """ProviderAway when a call of that kind would not be let through now."""
        self._refuse_if_open(call, (await self._breakers.get_breaker(call)).context)

    async def ask(self, call: ProviderCall, asking: Callable[[], Awaitable[T]]) -> T:
        """The provider's answer.

        ProviderAway if it was not asked, Invalid if it could make nothing of the details,
        AnswerLost if nobody knows: a timeout, a broken connection, a fault of its own.
        """
        breaker = await self._breakers.get_breaker(call, exclude=[Invalid])
        self._refuse_if_open(call, breaker.context)
        is_trial = breaker.context.state == HALF_OPENED
        if is_trial:
            self._on_trial.add(call)
        try:
            async with breaker, asyncio.timeout(self._timeout_seconds):
                answer = await asking()
        except Invalid:
            raise
        except Exception as error:
            CALLS.labels(self.provider.name, call, "lost").inc()
            log.warning(
                "provider_answer_lost", provider=self.provider.name, call=call, reason=repr(error)
            )
            raise AnswerLost from error
        finally:
            if is_trial:
                self._on_trial.discard(call)
        CALLS.labels(self.provider.name, call, "answered").inc()
        return answer

    def _refuse_if_open(self, call: ProviderCall, context: Context) -> None:
        try:
            context.handle_new_request()
        except OpenedState as opened:
            # The library raises one and the same object: its trace would grow with every call.
            opened.__traceback__ = None
            is_open = True
        else:
            # One call tries a recovering provider out, the others still wait for what it finds.
            is_open = context.state == HALF_OPENED and call in self._on_trial
        if is_open:
            CALLS.labels(self.provider.name, call, "refused").inc()
            raise ProviderAway(retry_after_seconds=max(1, round(self._open_seconds)))
