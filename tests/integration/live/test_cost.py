"""What following costs the store does not depend on how many follow."""

import asyncio
from contextlib import AsyncExitStack

from tests.support.live import follow, token_of
from tests.support.waiting_room import join, open_line, people

MEASURED_SECONDS = 5
# Longer than availability is fresh, so that every tick finds it old.
TICK_SECONDS = 1.0


async def commands(runtime):
    """Calls of each command since the statistics were reset."""
    stats = await runtime.redis.client.info("commandstats")
    return {name: fields["calls"] for name, fields in stats.items() if "calls" in fields}


async def measure(runtime, service, event_id, line):
    """Scripts run by the store in ``MEASURED_SECONDS`` while these people follow and wait."""
    async with AsyncExitStack() as stack:
        for actor in line:
            follower = await stack.enter_async_context(
                follow(service, event_id, access_token=token_of(runtime, actor))
            )
            await follower.next("queue.position", seconds_max=30)
        await runtime.redis.command("CONFIG", "RESETSTAT")
        await asyncio.sleep(MEASURED_SECONDS)  # a span to count in, not a wait for something
        return (await commands(runtime))["cmdstat_evalsha"]


async def test_five_hundred_cost_the_store_what_five_do(runtime, serve):
    event_id = await open_line(runtime, rate_per_minute=0)
    # No admitter beside it: only what following costs is counted.
    service = await serve(admit_interval_seconds=3_600, live_tick_seconds=TICK_SECONDS)
    line = people(500)
    for actor in line:
        await join(runtime, event_id, actor)
    few = await measure(runtime, service, event_id, line[:5])
    many = await measure(runtime, service, event_id, line)
    # A tick reads the line and looks at availability and the event; and whoever computes or reads
    # one of these two anew keeps it for the rest.
    ticks = MEASURED_SECONDS / TICK_SECONDS
    assert 0 < few <= 5 * (ticks + 1)
    assert 0 < many <= 5 * (ticks + 1)
    assert abs(many - few) <= 3  # a tick more or less in the span
