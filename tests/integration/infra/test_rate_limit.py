import asyncio

from tiketi.infra.rate_limit import Budget, spend


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


async def test_a_new_window_weighs_the_last_one_by_its_share(runtime):
    budget = Budget("user", "steady", 10)
    for _ in range(10):
        assert (await spend(runtime.redis, budget)).allowed
    key = (await runtime.redis.client.keys("rate:*"))[0]
    # As if the window had begun 90 s ago: half of the last one's ten still counts.
    start = int(await runtime.redis.client.hget(key, "s"))
    await runtime.redis.client.hset(key, "s", start - 90_000)
    allowed = [(await spend(runtime.redis, budget)).allowed for _ in range(10)]
    assert sum(allowed) in (4, 5)
