"""Killing a process of the local system in the middle of the on-sale."""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tiketi.cli.simulate.calls import Caller, OutOfTime

LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill -9: seconds after the start, and the pids that were ended."""

    process: str
    at_seconds: float
    pids: tuple[int, ...]


async def kill_on_the_way(
    names: Sequence[str],
    *,
    caller: Caller,
    sold_share: Callable[[], float],
    pids_of: Callable[[str], Sequence[int]],
    kills: list[Kill],
) -> None:
    """Kill each process in turn, evenly over the sale: one halfway, two at thirds, and so on.

    ``kills`` takes what was done. Ends early when time does.
    """
    for number, name in enumerate(names, start=1):
        try:
            while sold_share() < number / (len(names) + 1):
                await caller.sleep(LOOK_SECONDS)
        except OutOfTime:
            return
        pids = pids_of(name)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        at_seconds = caller.clock.monotonic() - caller.stats.started
        kills.append(Kill(name, at_seconds, tuple(pids)))
