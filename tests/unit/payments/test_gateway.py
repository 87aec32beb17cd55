import asyncio
from typing import Any

import pytest

from tiketi.kernel.errors import Invalid
from tiketi.payments.errors import AnswerLost, ProviderAway
from tiketi.payments.providers.gateway import Gateway, ProviderCall

OPEN_SECONDS = 0.2


class Company:
    """A provider of no calls: the tests ask the gateway for coroutines of their own."""

    name = "company"


@pytest.fixture
def gateway() -> Gateway:
    company: Any = Company()
    return Gateway(company, timeout_seconds=0.05, failures_max=3, open_seconds=OPEN_SECONDS)


async def answer() -> str:
    return "answer"


async def hang() -> str:
    await asyncio.sleep(60)
    return "too late"


async def break_off() -> str:
    raise ConnectionResetError


async def refuse() -> str:
    raise Invalid


async def fail(gateway: Gateway, times: int, how=break_off) -> None:
    for _ in range(times):
        with pytest.raises(AnswerLost):
            await gateway.ask(ProviderCall.CONFIRM, how)


async def test_an_answer_passes_through(gateway):
    assert await gateway.ask(ProviderCall.CONFIRM, answer) == "answer"


async def test_a_timeout_is_a_lost_answer(gateway):
    await fail(gateway, 1, hang)


@pytest.mark.parametrize("how", [hang, break_off])
async def test_failures_in_a_row_open_the_circuit(gateway, how):
    await fail(gateway, 3, how)
    asked = []

    async def ask() -> None:
        asked.append(1)

    with pytest.raises(ProviderAway) as refused:
        await gateway.ask(ProviderCall.CONFIRM, ask)
    assert refused.value.retry_after_seconds == 1
    with pytest.raises(ProviderAway):
        await gateway.check(ProviderCall.CONFIRM)
    assert asked == []


async def test_an_answer_between_failures_keeps_it_closed(gateway):
    for _ in range(4):
        await fail(gateway, 2)
        await gateway.ask(ProviderCall.CONFIRM, answer)


async def test_a_refusal_of_the_details_is_an_answer(gateway):
    for _ in range(10):
        with pytest.raises(Invalid):
            await gateway.ask(ProviderCall.CONFIRM, refuse)
    await gateway.check(ProviderCall.CONFIRM)


async def test_each_kind_of_call_has_a_circuit_of_its_own(gateway):
    await fail(gateway, 3)
    assert await gateway.ask(ProviderCall.FETCH, answer) == "answer"


async def test_one_call_tries_a_recovering_provider_out(gateway):
    await fail(gateway, 3)
    await asyncio.sleep(OPEN_SECONDS * 1.1)
    trial = asyncio.ensure_future(gateway.ask(ProviderCall.CONFIRM, hang))
    await asyncio.sleep(0)
    with pytest.raises(ProviderAway):
        await gateway.ask(ProviderCall.CONFIRM, answer)
    with pytest.raises(AnswerLost):
        await trial
    with pytest.raises(ProviderAway):
        await gateway.ask(ProviderCall.CONFIRM, answer)
    await asyncio.sleep(OPEN_SECONDS * 1.1)
    assert await gateway.ask(ProviderCall.CONFIRM, answer) == "answer"
    assert await gateway.ask(ProviderCall.CONFIRM, answer) == "answer"
