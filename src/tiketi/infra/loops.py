"""Background work: rounds of bounded work, again and again, on any number of processes at once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from tiketi.infra.runtime import Runtime
from tiketi.infra.telemetry import LOOP_FAILURES
from tiketi.kernel.errors import Unavailable
from tiketi.settings import Settings

log = structlog.get_logger(__name__)

FAILURE_WAIT_SECONDS_MAX = 5.0


@dataclass(frozen=True, slots=True)
class Loop:
    """``round`` does a bounded piece of work and says whether more is due at once."""

    name: str
    interval_seconds: Callable[[Settings], float]
    round: Callable[[Runtime], Awaitable[bool]]


async def run_loop(runtime: Runtime, loop: Loop) -> None:
    """Run rounds until cancelled. A failed one is counted, and the next waits longer."""
    interval_seconds = loop.interval_seconds(runtime.settings)
    failures = 0
    while True:
        try:
            more = await loop.round(runtime)
            failures = 0
        except Unavailable as error:
            more, failures = False, failures + 1
            log.warning("loop_waits", loop=loop.name, reason=error.detail)
        except Exception:  # a bug in one round: counted and logged, and the loop goes on
            more, failures = False, failures + 1
            LOOP_FAILURES.labels(loop.name).inc()
            log.exception("loop_failed", loop=loop.name)
        wait_seconds = (
            0.0
            if more
            else min(
                interval_seconds * 2 ** min(failures, 10),
                max(FAILURE_WAIT_SECONDS_MAX, interval_seconds),
            )
        )
        await asyncio.sleep(wait_seconds)
