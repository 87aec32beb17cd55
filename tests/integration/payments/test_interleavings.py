"""Whatever happens in whatever order: what was captured ends in tickets or in a full refund."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.support.moody import Fault, Moody
from tests.support.paying import Buyer, audit, expire_hold
from tiketi.payments.loops import reconcile, refund
from tiketi.payments.providers.directory import Providers
from tiketi.payments.providers.protocol import ChargeStatus
from tiketi.payments.starting import ABANDONED_AFTER_SECONDS

EXAMPLES = 60
STEPS_MAX = 8
AT_ONCE_MAX = 3
OUTCOMES = {
    ChargeStatus.CAPTURED: 5,
    ChargeStatus.DECLINED: 2,
    ChargeStatus.PROCESSING: 2,
    ChargeStatus.REDIRECTED: 1,
}
FAULTS = {Fault.NONE: 4, Fault.BEFORE: 1, Fault.AFTER: 2}
DEEDS = {
    "confirm": 6,
    "hear": 4,
    "start": 2,
    "reconcile": 2,
    "send refunds": 1,
    "expire": 2,
    "steal": 2,
    "cancel": 1,
    "refund all": 1,
    "refund a part": 1,
    "decide captured": 2,
    "decide declined": 1,
    "wait": 1,
}


def draw(rng: random.Random, weights: dict) -> Any:
    return rng.choices(list(weights), list(weights.values()))[0]


@dataclass
class Story:
    """One reservation of one seat, and everything that happens to it."""

    anna: Buyer
    boris: Buyer
    moody: Moody
    seat: str
    reservation_id: str = ""
    payments: list[dict] = field(default_factory=list)

    @property
    def runtime(self):
        return self.anna.client.runtime

    async def begin(self) -> None:
        self.reservation_id = await self.anna.reserve(self.seat)
        await self._start()

    async def do(self, deed: str) -> None:
        doings = {
            "start": self._start,
            "confirm": self._confirm,
            "hear": self._hear,
            "reconcile": self._reconcile,
            "send refunds": lambda: refund(self.runtime),
            "expire": lambda: expire_hold(self.runtime, self.reservation_id),
            "steal": self._steal,
            "cancel": self._cancel,
            "refund all": lambda: self.anna.refund(self.payments[-1]),
            "refund a part": lambda: self.anna.refund(self.payments[-1], 10_000),
            "decide captured": lambda: self._decide(ChargeStatus.CAPTURED),
            "decide declined": lambda: self._decide(ChargeStatus.DECLINED),
            "wait": lambda: self._wait(seconds=30),
        }
        answer = await doings[deed]()
        assert getattr(answer, "status_code", 200) < 500 or answer.status_code == 503

    async def end(self) -> None:
        """All that is under way comes to its end, and every loop has its turn."""
        self.moody.fault = Fault.NONE
        self.moody.settle_all(ChargeStatus.CAPTURED)
        for _ in range(4):
            await self._wait(seconds=ABANDONED_AFTER_SECONDS)
            await self._reconcile()
            await refund(self.runtime)

    async def check(self) -> None:
        """Our books, the provider's books, and the tickets say the same."""
        for payment in self.payments:
            book = self.moody.books[next(i for i in self.moody.books if str(i) == payment["id"])]
            shown = await self.anna.look(payment)
            assert book.captures <= 1
            assert book.refunded_minor <= payment["amount"] * book.captures
            assert shown["refunded_amount"] == book.refunded_minor
            assert {one["status"] for one in shown["refunds"]} <= {"succeeded"}
            valid = (await self.anna.ticket_statuses(payment)).count("valid")
            if not book.captures:
                assert shown["status"] in ("failed", "cancelled")
            elif shown["status"] != "refunded":
                assert (shown["status"], valid) in (("succeeded", 1), ("partially_refunded", 1))
        if not any(book.captures for book in self.moody.books.values()):
            assert await self.anna.ticket_statuses(self.payments[0]) == []
        assert await audit(self.runtime) == []

    async def _start(self):
        answer = await self.anna.try_start(self.reservation_id, provider="moody")
        if answer.status_code == 201:
            known = [one["id"] for one in self.payments]
            if answer.json()["id"] not in known:
                self.payments.append(answer.json())
        return answer

    async def _confirm(self):
        return await self.anna.confirm(self.payments[-1])

    async def _hear(self) -> None:
        for body in self.moody.webhooks():
            for _ in range(2):
                answer = await self.anna.client.post("/payments/webhooks/moody", content=body)
                assert answer.status_code == 200

    async def _reconcile(self) -> None:
        await self._wait(seconds=self.runtime.settings.payment_reconcile_after_seconds)
        await reconcile(self.runtime)

    async def _steal(self) -> None:
        with suppress(AssertionError):
            await self.boris.reserve(self.seat)

    async def _cancel(self):
        path = f"/reservations/{self.reservation_id}/cancel"
        return await self.anna.client.post(path, token=self.anna.token)

    async def _decide(self, status: ChargeStatus) -> None:
        self.moody.settle_all(status)

    async def _wait(self, **span: float) -> None:
        self.runtime.clock.advance(**span)


@pytest.fixture
def settings(base_settings):
    """Answers are lost so often here that the provider would be left alone most of the time."""
    return base_settings.model_copy(update={"payment_breaker_failures_max": 10_000})


@pytest.fixture
def moody(runtime):
    company = Moody()
    runtime.one(Providers).add(company)
    return company


@pytest.fixture
def seats():
    return (f"A-{row}-{number}" for row in count(1) for number in range(1, 21))


@pytest.mark.timeout(600)
@examples(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
async def test_what_was_captured_is_tickets_or_goes_back(client, event, moody, seats, seed):
    rng = random.Random(seed)
    moody.books.clear()
    story = Story(Buyer(client, event), Buyer(client, event), moody, next(seats))
    await story.begin()
    for _ in range(rng.randint(1, STEPS_MAX)):
        moody.outcome, moody.fault = draw(rng, OUTCOMES), draw(rng, FAULTS)
        deeds = [draw(rng, DEEDS) for _ in range(rng.randint(1, AT_ONCE_MAX))]
        await asyncio.gather(*(story.do(deed) for deed in deeds))
    await story.end()
    await story.check()
