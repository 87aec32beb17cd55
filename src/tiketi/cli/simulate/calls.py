"""Calls that survive a killed process: retried with a bound, judged by the contract."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

from tiketi.cli.simulate.client import Client, Request
from tiketi.cli.simulate.stats import Stats
from tiketi.cli.simulate.wire import Answer, BrokenExchange
from tiketi.kernel.clock import Clock

T = TypeVar("T")

BACKOFF_FIRST_SECONDS = 0.2
BACKOFF_MAX_SECONDS = 5.0
RETRY_AFTER_MAX_SECONDS = 90.0
PROBLEM_TYPE = "application/problem+json"
PROBLEM_FIELDS = ("type", "title", "status", "detail", "code", "request_id")


class OutOfTime(Exception):
    """The simulation's time limit came before the answer."""


class Unforeseen(Exception):
    """A refusal that the contract does not name for this call, or a server's own error."""


@dataclass(slots=True)
class Account:
    """A signed-in person. ``renew`` gives a fresh access token when the old one has lapsed."""

    email: str
    token: str
    renew: Callable[[], Awaitable[str]]


@dataclass(slots=True)
class Caller:
    """``deadline`` is in monotonic seconds; no call waits past it."""

    client: Client
    stats: Stats
    clock: Clock
    deadline: float
    rng: random.Random = field(repr=False)

    async def call(
        self,
        step: str,
        method: str,
        path: str,
        *,
        account: Account | None = None,
        json: object | None = None,
        headers: Mapping[str, str] | None = None,
        foreseen: Collection[str] = (),
    ) -> Answer:
        """The answer: a success, or a refusal whose code is foreseen.

        No answer, 503, 429 and a key still in progress are waited out and asked again with the
        same headers and body, until the deadline. Raises OutOfTime, and Unforeseen for every
        other refusal.
        """
        renewed = False
        attempt = 0
        while True:
            given = dict(headers or {})
            if account is not None:
                given["authorization"] = f"Bearer {account.token}"
            answer = await self._attempt(step, Request(method, path, given, json))
            pause_seconds = self._pause(answer, attempt, foreseen)
            if pause_seconds is not None:
                attempt += 1
                self.stats.retries += 1
                await self.sleep(pause_seconds)
            elif answer is None:
                raise AssertionError("no answer always means a pause")
            elif answer.status == HTTPStatus.UNAUTHORIZED and account and not renewed:
                renewed = True
                account.token = await account.renew()
            else:
                return self._judge(step, answer, foreseen)

    async def sleep(self, seconds: float) -> None:
        """Wait, but raise OutOfTime where that would pass the deadline."""
        if self.clock.monotonic() + seconds > self.deadline:
            raise OutOfTime
        await asyncio.sleep(seconds)

    async def within_deadline(self, wait: Awaitable[T]) -> T:
        """What the wait gives; raises OutOfTime when the deadline comes first."""
        try:
            async with asyncio.timeout(max(0.0, self.deadline - self.clock.monotonic())):
                return await wait
        except TimeoutError as late:
            raise OutOfTime from late

    async def _attempt(self, step: str, request: Request) -> Answer | None:
        """One exchange, counted; None when no whole answer came."""
        if self.clock.monotonic() > self.deadline:
            raise OutOfTime
        try:
            timed = await self.client.send(request)
        except BrokenExchange:
            self.stats.missed(request.service, self.clock.monotonic())
            return None
        answer = timed.answer
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.stats.missed(request.service, self.clock.monotonic())
        else:
            self.stats.heard(request.service, timed.begun, self.clock.monotonic())
            self.stats.answered(step, timed.took_ms, timed.queued_ms)
        if not answer.ok:
            self.stats.refused(step, answer.status, answer.code)
            if flaw := untyped(answer):
                self.stats.fault("untyped refusal", f"{step} {answer.status}: {flaw}")
        return answer

    def _pause(
        self, answer: Answer | None, attempt: int, foreseen: Collection[str]
    ) -> float | None:
        """How long to wait before the same call again; None when there is nothing to wait for."""
        if answer is None:
            return self._backoff(attempt)
        if answer.code == "idempotency_in_progress" and answer.code not in foreseen:
            return self._backoff(attempt)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            self.stats.throttled += 1
        elif answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
            return None
        return max(retry_after(answer), self._backoff(attempt))

    def _backoff(self, attempt: int) -> float:
        """Exponential with full jitter, so that a returning service is not met by everybody."""
        ceiling = min(BACKOFF_MAX_SECONDS, BACKOFF_FIRST_SECONDS * 2 ** min(attempt, 10))
        return self.rng.uniform(BACKOFF_FIRST_SECONDS / 2, ceiling)

    def _judge(self, step: str, answer: Answer, foreseen: Collection[str]) -> Answer:
        if answer.ok or answer.code in foreseen:
            return answer
        what = f"{step} {answer.status} {answer.code}"
        kind = (
            "server error"
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            else "unforeseen refusal"
        )
        self.stats.fault(kind, f"{what}: {answer.body[:300].decode('utf-8', 'replace')}")
        raise Unforeseen(what)


def retry_after(answer: Answer) -> float:
    """The seconds of Retry-After, bounded; 1 where it is missing or no number."""
    text = answer.headers.get("retry-after", "")
    return min(RETRY_AFTER_MAX_SECONDS, float(text)) if text.isdigit() else 1.0


def untyped(answer: Answer) -> str | None:
    """What a refusal lacks of RFC 9457 and the contract; None when it lacks nothing."""
    if not answer.headers.get("content-type", "").startswith(PROBLEM_TYPE):
        return f"content type {answer.headers.get('content-type')!r}"
    document = answer.json()
    if not isinstance(document, dict):
        return "no JSON object"
    missing = [name for name in PROBLEM_FIELDS if name not in document]
    if missing:
        return f"without {', '.join(missing)}"
    if document["status"] != answer.status:
        return f"says status {document['status']}"
    waits = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
    if answer.status in waits and "retry-after" not in answer.headers:
        return "without Retry-After"
    return None
