"""What the store says of itself: memory, and what its commands cost."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tiketi.infra.runtime import Runtime

TURNS, CALLS = 10, 40
REWRITE_SECONDS_MAX = 60.0
# Sent by clients; what a script calls is counted beside them, under its own name.
_SCRIPTS = ("cmdstat_evalsha", "cmdstat_eval")
# Questions of the benchmark itself.
_OWN = ("cmdstat_info", "cmdstat_config|resetstat", "cmdstat_config", "cmdstat_hello",
        "cmdstat_auth", "cmdstat_client|setinfo", "cmdstat_select")  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """Of one call: milliseconds by the clock, of the store's thread, and of this process's core."""

    wall_ms: float
    store_ms: float
    cpu_ms: float


@dataclass(frozen=True)
class Operations:
    """``scripts``: script calls; ``commands``: those, what they call, and all other commands."""

    scripts: int
    commands: int
    script_ms: float


async def read_memory(runtime: Runtime) -> int:
    """Bytes that the store's data takes, its append-only file's buffers left out."""
    figures: dict[str, Any] = await runtime.redis.client.info("memory")
    return int(figures["used_memory"]) - int(figures.get("mem_aof_buffer", 0))


async def await_rewrite(runtime: Runtime) -> None:
    """Until no append-only file is being rewritten: the pages copied meanwhile slow everything."""
    deadline = time.monotonic() + REWRITE_SECONDS_MAX
    while time.monotonic() < deadline:
        figures: dict[str, Any] = await runtime.redis.client.info("persistence")
        if not figures["aof_rewrite_in_progress"]:
            return
        await asyncio.sleep(0.2)


async def reset_operations(runtime: Runtime) -> None:
    await runtime.redis.client.config_resetstat()


async def read_operations(runtime: Runtime) -> Operations:
    """Since the last reset."""
    figures: dict[str, Any] = await runtime.redis.client.info("commandstats")
    counted = {name: stats for name, stats in figures.items() if name not in _OWN}
    scripts = [counted[name] for name in _SCRIPTS if name in counted]
    return Operations(
        scripts=sum(stats["calls"] for stats in scripts),
        commands=sum(stats["calls"] for stats in counted.values()),
        script_ms=sum(stats["usec"] for stats in scripts) / 1000,
    )


async def cost_of(runtime: Runtime, call: Callable[[], Awaitable[object]]) -> Cost:
    """The mean of the quietest of some turns: what else runs on the machine only ever adds."""
    return min([await _turn_of(runtime, call) for _ in range(TURNS)], key=lambda c: c.store_ms)


async def _turn_of(runtime: Runtime, call: Callable[[], Awaitable[object]]) -> Cost:
    await reset_operations(runtime)
    began, cpu_began = time.perf_counter(), time.process_time()
    for _ in range(CALLS):
        await call()
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    operations = await read_operations(runtime)
    return Cost(wall * 1000 / CALLS, operations.script_ms / CALLS, cpu * 1000 / CALLS)
