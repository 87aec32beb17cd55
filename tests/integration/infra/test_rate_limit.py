import asyncio

import pytest

from tests.support.clock import ShiftedClock
from tests.support.stores import ON_EACH_STORE, keys_like
from tiketi.infra.rate_limit import Budget, Counts, spend

pytestmark = ON_EACH_STORE


async def test_the_budget_is_exact_however_many_ask_at_once(runtime):
    budget = Budget("user", "somebody", 100)
    verdicts = await asyncio.gather(*(spend(runtime.redis, budget) for _ in range(150)))
    assert sum(verdict.allowed for verdict in verdicts) == 100
    refused = [verdict for verdict in verdicts if not verdict.allowed]
    assert all(1 <= verdict.reset_seconds <= 60 for verdict in refused)


async def test_one_persons_calls_cost_nobody_else(runtime):
    for _ in range(5):
        await spend(runtime.redis, Budget("user", "greedy", 3))
    verdict = await spend(runtime.redis, Budget("user", "modest", 3))
    assert verdict.allowed
    assert verdict.remaining == 2


async def _window(runtime, **fields) -> None:
    """Rewrite the only window kept: ``began_seconds_ago``, ``d`` its last call, ms into it."""
    key = (await keys_like(runtime, "rate:*"))[0]
    if (ago := fields.pop("began_seconds_ago", None)) is not None:
        seconds, microseconds = await runtime.redis.command("TIME")
        fields["s"] = int(seconds) * 1000 + int(microseconds) // 1000 - ago * 1000
    await runtime.redis.client.hset(key, mapping=fields)


async def test_a_new_window_weighs_the_last_one_by_its_share(runtime):
    budget = Budget("user", "steady", 10)
    for _ in range(10):
        assert (await spend(runtime.redis, budget)).allowed
    # As if they had been spread over a minute that began 90 s ago: half of them still count.
    await _window(runtime, began_seconds_ago=90, d=60_000)
    allowed = [(await spend(runtime.redis, budget)).allowed for _ in range(10)]
    assert sum(allowed) in (4, 5)


@pytest.mark.parametrize("spread_seconds", [0, 1, 30, 59])
async def test_a_call_after_the_wait_told_is_allowed(runtime, spread_seconds):
    budget = Budget("user", "patient", 10)
    for _ in range(10):
        assert (await spend(runtime.redis, budget)).allowed
    await _window(runtime, began_seconds_ago=spread_seconds, d=spread_seconds * 1000)
    refused = await spend(runtime.redis, budget)
    assert not refused.allowed
    assert 1 <= refused.reset_seconds <= 60

    await _window(runtime, began_seconds_ago=spread_seconds + refused.reset_seconds)
    assert (await spend(runtime.redis, budget)).allowed


async def test_a_call_after_the_wait_told_in_the_next_window_is_allowed(runtime):
    budget = Budget("user", "patient", 10)
    for _ in range(10):
        assert (await spend(runtime.redis, budget)).allowed
    await _window(runtime, began_seconds_ago=61, d=59_000)
    refused = await spend(runtime.redis, budget)
    assert not refused.allowed
    assert 1 <= refused.reset_seconds <= 6

    await _window(runtime, began_seconds_ago=61 + refused.reset_seconds)
    assert (await spend(runtime.redis, budget)).allowed


async def test_a_process_counts_waiting_calls_by_itself(runtime):
    counts, budget = runtime.one(Counts), Budget("waiting", "somebody", 3)
    verdicts = [counts.spend(budget) for _ in range(4)]
    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False]
    assert [verdict.remaining for verdict in verdicts] == [2, 1, 0, 0]
    assert counts.spend(Budget("waiting", "another", 3)).allowed
    assert await runtime.redis.command("DBSIZE") == 0


async def test_a_minute_later_waiting_calls_count_anew(runtime):
    runtime.clock = ShiftedClock()
    counts, budget = runtime.one(Counts), Budget("waiting", "somebody", 1)
    assert [counts.spend(budget).allowed for _ in range(2)] == [True, False]
    runtime.clock.advance(seconds=61)
    assert counts.spend(budget).allowed
