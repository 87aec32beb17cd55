"""Payments of this process are started together: one transaction for those that wait."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tiketi.infra.batching import AGAIN, Again, Batcher
from tiketi.infra.idempotency import DecidedBefore, RefusedAnew
from tiketi.infra.idempotency_store import Kept, Key, Name, find_all, keep_all
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import TiketiError
from tiketi.payments.domain import Payment
from tiketi.payments.starting import Start, needs_introduction, start_payments

BATCH_MAX = 32
WAITING_MAX = 1_000
WAIT_SECONDS_MAX = 5.0
CREATED = 201

Render = Callable[[Payment], bytes]


@dataclass(frozen=True, slots=True)
class Started:
    """``answer`` is what was kept with the key; None while the provider has to be told first."""

    payment: Payment
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class _Asked:
    start: Start
    key: Key
    render: Render


class Starts:
    """The starts of this process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._batcher: Batcher[_Asked, Started] = Batcher(
            "payment_starts",
            self._decide,
            batch_max=BATCH_MAX,
            waiting_max=WAITING_MAX,
            wait_seconds_max=WAIT_SECONDS_MAX,
        )

    async def start(self, start: Start, key: Key, render: Render) -> Started:
        """``start_payments`` for one, once for the key: DecidedBefore, RefusedAnew."""
        return await self._batcher.submit(_Asked(start, key, render))

    async def _decide(self, asked: Sequence[_Asked]) -> Sequence[Started | Exception | Again]:
        ttl_seconds = self._runtime.settings.idempotency_ttl_seconds
        async with self._runtime.database.transaction() as tx:
            answered = await find_all(tx, [each.key for each in asked], ttl_seconds)
            fresh: dict[Name, _Asked] = {}
            for each in asked:
                if each.key.name not in answered:
                    fresh.setdefault(each.key.name, each)
            decided = await self._start(tx, list(fresh.values()), ttl_seconds)
        outcomes: list[Started | Exception | Again] = []
        for each in asked:
            if each.key.name in answered:
                outcomes.append(DecidedBefore(answered[each.key.name]))
            else:
                # The second of one key hears what the first was answered.
                is_first = fresh[each.key.name] is each
                outcomes.append(decided[each.key.name] if is_first else AGAIN)
        return outcomes

    async def _start(
        self, tx: Tx, fresh: Sequence[_Asked], ttl_seconds: int
    ) -> dict[Name, Started | Exception]:
        if not fresh:
            return {}
        now = self._runtime.clock.now()
        payments = await start_payments(tx, self._runtime, [each.start for each in fresh], now)
        outcomes: dict[Name, Started | Exception] = {}
        answers: list[tuple[Key, Kept]] = []
        for each, payment in zip(fresh, payments, strict=True):
            if isinstance(payment, TiketiError):
                outcomes[each.key.name] = RefusedAnew(payment)
            elif needs_introduction(payment):
                outcomes[each.key.name] = Started(payment, None)
            else:
                answer = each.render(payment)
                outcomes[each.key.name] = Started(payment, answer)
                answers.append((each.key, Kept(CREATED, answer, each.key.fingerprint)))
        if answers and len(await keep_all(tx, answers, ttl_seconds)) < len(answers):
            # Another process was faster with one of the keys: nothing of this stands, and asked
            # again, alone if need be, it is found.
            raise DecidedBefore
        return outcomes
