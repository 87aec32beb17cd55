"""A loop that is told to stop must not be swallowed by the client's own waiting."""

import asyncio
import random

from tests.support.stores import ON_EACH_STORE


@ON_EACH_STORE
async def test_a_cancelled_caller_always_stops(runtime):
    async def ask_for_ever() -> None:
        while True:
            await runtime.redis.command("PING")

    rng = random.Random(5)
    for _ in range(100):
        task = asyncio.create_task(ask_for_ever())
        await asyncio.sleep(rng.random() / 500)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=2)
        assert done
