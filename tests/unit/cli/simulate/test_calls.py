"""How a call is repeated and judged, against a server on a real socket."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.unit.cli.simulate.listening import listening
from tiketi.cli.simulate.calls import (
    Account,
    Caller,
    OutOfTime,
    Unforeseen,
    retry_after,
    untyped,
)
from tiketi.cli.simulate.client import Client
from tiketi.cli.simulate.stats import Stats
from tiketi.cli.simulate.wire import Answer
from tiketi.kernel.clock import SystemClock


def problem(status: int, code: str, *, drop: str = "", **headers: str) -> Answer:
    document = {"type": "about:blank", "title": "t", "status": status, "detail": "d"}
    document |= {"code": code, "request_id": "r"}
    document.pop(drop, None)
    fields = {"content-type": "application/problem+json"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, fields, json.dumps(document).encode())


OK = Answer(200, {}, b"{}")


@asynccontextmanager
async def caller(
    *answers: Answer | None, seconds: float = 5
) -> AsyncIterator[tuple[Caller, list[str]]]:
    """A caller of a server that gives these answers in turn (None: hangs up); what it was sent."""
    left = list(answers)
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while left:
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            answer = left.pop(0)
            if answer is None:
                return
            lines = [f"HTTP/1.1 {answer.status} X", f"content-length: {len(answer.body)}"]
            lines += [f"{name}: {value}" for name, value in answer.headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode() + answer.body)
            await writer.drain()
        await reader.read()

    now = time.monotonic()
    async with listening(serve) as url:
        client = Client({"edge": url}, connections_max=4, timeout_seconds=2)
        try:
            yield Caller(client, Stats(now), SystemClock(), now + seconds, random.Random(1)), heads
        finally:
            client.close()


async def test_a_cut_connection_is_asked_again_and_counted_as_unavailable() -> None:
    async with caller(None, OK) as (calls, heads):
        key = {"idempotency-key": "k"}
        assert (await calls.call("x", "POST", "/payments", headers=key)).ok
    assert calls.stats.unavailable["payment"] == calls.stats.retries == len(calls.stats.gaps) == 1
    assert all("idempotency-key: k" in head for head in heads)
    assert not calls.stats.faults


async def test_503_is_waited_out_and_is_no_fault() -> None:
    away = problem(503, "unavailable", retry_after="0")
    async with caller(away, away, OK) as (calls, _):
        assert (await calls.call("x", "GET", "/queue/e/status")).ok
    assert calls.stats.unavailable["queue"] == 2
    assert not calls.stats.faults


async def test_429_waits_as_long_as_it_says() -> None:
    async with caller(problem(429, "rate_limited", retry_after="1"), OK) as (calls, _):
        began = time.monotonic()
        assert (await calls.call("x", "GET", "/queue/e/status")).ok
    assert time.monotonic() - began >= 1
    assert calls.stats.throttled == 1


async def test_a_key_in_progress_is_asked_again() -> None:
    async with caller(problem(409, "idempotency_in_progress"), OK) as (calls, _):
        assert (await calls.call("x", "POST", "/reservations")).ok


async def test_a_foreseen_refusal_is_an_answer() -> None:
    async with caller(problem(409, "seat_taken")) as (calls, _):
        answer = await calls.call("lock", "POST", "/reservations", foreseen={"seat_taken"})
    assert answer.code == "seat_taken"
    assert calls.stats.refusals == {("lock", 409, "seat_taken"): 1}
    assert not calls.stats.faults


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem(409, "sold_out"), "unforeseen refusal"),
        (problem(500, "internal"), "server error"),
        (problem(502, "bad_gateway"), "server error"),
    ],
)
async def test_any_other_refusal_is_a_fault(answer: Answer, kind: str) -> None:
    async with caller(answer) as (calls, _):
        with pytest.raises(Unforeseen):
            await calls.call("lock", "POST", "/reservations", foreseen={"seat_taken"})
    assert calls.stats.faults == {kind: 1}


async def test_a_lapsed_token_is_renewed_once() -> None:
    lapsed = problem(401, "unauthenticated")

    async def renew() -> str:
        return "new"

    account = Account("a@example.org", "old", renew)
    async with caller(lapsed, OK, lapsed, lapsed) as (calls, heads):
        assert (await calls.call("x", "GET", "/reservations", account=account)).ok
        with pytest.raises(Unforeseen):
            await calls.call("x", "GET", "/reservations", account=account)
    assert ["Bearer old" in head for head in heads] == [True, False, False, False]


async def test_nothing_waits_past_the_deadline() -> None:
    away = problem(503, "unavailable", retry_after="60")
    async with caller(away, seconds=0.5) as (calls, _):
        began = time.monotonic()
        with pytest.raises(OutOfTime):
            await calls.call("x", "GET", "/reservations")
        with pytest.raises(OutOfTime):
            await calls.within_deadline(asyncio.Event().wait())
        with pytest.raises(OutOfTime):
            await calls.call("x", "GET", "/reservations")
    assert time.monotonic() - began < 2


def test_a_typed_refusal_lacks_nothing() -> None:
    assert untyped(problem(409, "seat_taken")) is None
    assert untyped(problem(503, "unavailable", retry_after="1")) is None


@pytest.mark.parametrize(
    "flaw",
    [
        lambda: Answer(409, {"content-type": "text/html"}, b"<h1>Conflict"),
        lambda: Answer(409, {"content-type": "application/problem+json"}, b"[]"),
        lambda: problem(409, "seat_taken", drop="request_id"),
        lambda: problem(409, "seat_taken", drop="code"),
        lambda: Answer(500, problem(409, "x").headers, problem(409, "x").body),
        lambda: problem(429, "rate_limited"),
        lambda: problem(503, "unavailable"),
    ],
)
def test_an_untyped_refusal_is_caught(flaw: Callable[[], Answer]) -> None:
    assert untyped(flaw()) is not None


async def test_an_untyped_refusal_is_a_fault_even_where_it_is_foreseen() -> None:
    async with caller(problem(409, "seat_taken", drop="detail")) as (calls, _):
        await calls.call("lock", "POST", "/reservations", foreseen={"seat_taken"})
    assert calls.stats.faults == {"untyped refusal": 1}


def test_retry_after_is_bounded() -> None:
    assert retry_after(problem(503, "x", retry_after="86400")) == 90
    assert retry_after(problem(503, "x", retry_after="soon")) == 1
