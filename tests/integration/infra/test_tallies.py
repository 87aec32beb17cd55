"""Public reads are counted here and told to the store together, and the limit still holds."""

import asyncio

import pytest

from tests.support.away import redis_away
from tests.support.clock import ShiftedClock
from tests.support.stores import ON_EACH_STORE
from tiketi.infra.rate_limit import Budget
from tiketi.infra.runtime import open_runtime
from tiketi.infra.tallies import UNTOLD_SHARE, Tallies

pytestmark = ON_EACH_STORE

BUDGET = Budget("public", "198.51.100.7", 600)


@pytest.fixture
async def processes(runtime, settings):
    made = [open_runtime(settings) for _ in range(4)]
    for process in made:
        process.clock = ShiftedClock()
    yield made
    for process in made:
        await process.close()


async def scripts_run(runtime) -> int:
    if hasattr(runtime.redis.client, "get_primaries"):
        return 0  # counted on the single server alone
    info = await runtime.redis.client.info("commandstats")
    return sum(info.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("evalsha", "eval"))


async def test_one_process_lets_exactly_the_limit_through(processes):
    tallies = processes[0].one(Tallies)
    verdicts = [await tallies.spend(BUDGET) for _ in range(650)]
    assert sum(verdict.allowed for verdict in verdicts) == 600
    assert [verdict.remaining for verdict in verdicts[:3]] == [599, 598, 597]
    assert 1 <= verdicts[-1].reset_seconds <= 60


async def test_many_at_once_do_not_pass_it_either(processes):
    tallies = processes[0].one(Tallies)
    verdicts = await asyncio.gather(*(tallies.spend(BUDGET) for _ in range(2_000)))
    assert sum(verdict.allowed for verdict in verdicts) <= 600


async def test_several_processes_pass_it_by_a_sixteenth_each_at_most(processes):
    allowed = 0
    for turn in range(1_200):
        verdict = await processes[turn % 4].one(Tallies).spend(BUDGET)
        allowed += verdict.allowed
    assert 600 <= allowed <= 600 + 4 * 600 // UNTOLD_SHARE


async def test_most_calls_cost_the_store_nothing(runtime, processes):
    tallies = processes[0].one(Tallies)
    await tallies.spend(BUDGET)
    before = await scripts_run(runtime)
    for _ in range(300):
        await tallies.spend(BUDGET)
    assert await scripts_run(runtime) - before <= 20


async def test_who_was_refused_is_let_in_once_their_minute_is_over(runtime, processes):
    process = processes[0]
    tallies, small = process.one(Tallies), Budget("public", "203.0.113.9", 5)
    verdicts = [await tallies.spend(small) for _ in range(7)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 5 + [False] * 2
    process.clock.advance(seconds=61)
    await _empty(runtime)  # its clock is not ours to set
    assert (await tallies.spend(small)).allowed


async def _empty(runtime) -> None:
    await runtime.redis.command("FLUSHALL")


async def test_without_redis_nobody_is_refused(processes):
    process = processes[0]
    async with redis_away(process):
        tallies = process.one(Tallies)
        verdicts = [await tallies.spend(Budget("public", "192.0.2.1", 3)) for _ in range(10)]
    assert verdicts == [None] * 10
