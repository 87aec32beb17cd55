"""The ceiling of joining: redis-benchmark runs the same script, 64 clients with 16 calls each."""

import asyncio
import re
import subprocess
from uuid import UUID

from bench.stage import Stage, open_library
from tiketi.queue.keys import room_keys
from tiketi.queue.store import JOIN_PLAIN

CALLS = 150_000
_RATE = re.compile(r"([\d.]+) requests per second")


async def _load(stage: Stage) -> str:
    runtime = open_library(stage)
    digest: bytes = await runtime.redis.command("SCRIPT", "LOAD", JOIN_PLAIN.source)
    await runtime.close()
    return digest.decode()


def press_script(stage: Stage, event_id: UUID) -> float:
    """Joins a second of people with random names."""
    keys = room_keys(event_id)
    said = subprocess.run(
        [
            *(
                "redis-benchmark",
                "-p",
                str(stage.valkey.port),
                "-a",
                stage.valkey.password,
                "-c",
                "64",
                "-P",
                "16",
            ),
            *("-n", str(CALLS), "-r", str(10**9), "-q"),
            *("EVALSHA", asyncio.run(_load(stage)), str(len(keys)), *keys, "somebody-__rand_int__"),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return float(_RATE.findall(said)[-1])
