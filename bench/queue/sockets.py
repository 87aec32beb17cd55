"""Thousands of live WebSockets on one process: `python -m bench.queue.sockets`.

What each weighs, how soon the last of them knows of an admission, and how many messages a second
the process pushes when every tick moves everybody, beside a hand-written floor in the same run.
The ratio is of the messages for each second of processor time that the server took: neither the
clients nor whatever else runs on the machine enter it.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from statistics import median
from uuid import UUID

import psutil

from bench.queue.crowd import Counts, Crowd, raise_file_limit
from bench.queue.people import fill, join_with_hello
from bench.stage import Stage, open_library, open_room, open_stage, serve, serve_service
from tiketi.infra.embedded import pick_free_port
from tiketi.infra.runtime import Runtime
from tiketi.queue import api as queue

MEMORY_KB_MAX = 30.0
FAN_OUT_FLOOR, FAN_OUT_AIM = 0.25, 0.5
TURNS = 3
# What a process imports and fills with its first clients is not the price of the next.
WARMING = 200
SETTLE_SECONDS = 6.0
WINDOW_SECONDS = 5.0
WAIT_SECONDS = 60.0
# In front of the crowd, so that the line moves on and nobody of them is admitted: for one turn.
FRONT = 20_000
MOVED_PER_MINUTE = 60_000
QUICK_TICK_SECONDS = 0.02


@dataclass(frozen=True)
class Live:
    """Kilobytes a socket, and seconds from the commit of the capacity to their knowing."""

    kilobytes: float
    first_seconds: float
    last_seconds: float


@dataclass(frozen=True)
class FanOut:
    """Messages a second, and a second of the server's own processor time; bytes of each on the
    wire, and the clients' share of a core.
    """

    per_second: float
    per_core_second: float
    message_bytes: float
    clients_share: float


@contextmanager
def _library(stage: Stage) -> Iterator[tuple[asyncio.Runner, Runtime]]:
    with asyncio.Runner() as runner:
        runtime = open_library(stage)
        try:
            yield runner, runtime
        finally:
            runner.run(runtime.close())


async def _configure(runtime: Runtime, event_id: UUID, **changes: object) -> None:
    async with runtime.database.transaction() as tx:
        await queue.configure(tx, runtime, event_id, changes, now=runtime.clock.now())


def measure_live(stage: Stage, server: str, sockets: int) -> Live:
    """Memory, then one admission of them all, at the ticks that a service has by default."""
    with (
        _library(stage) as (runner, runtime),
        serve_service(stage, "queue", server, log_level="warning") as (port, pid),
        Crowd() as crowd,
    ):
        event_id = runner.run(open_room(runtime, rate_per_minute=queue.RATE_PER_MINUTE_MAX))
        path = f"/api/v1/queue/{event_id}/live"
        runner.run(fill(runtime, event_id, 1))  # takes the one place inside
        with Crowd() as first:
            hellos = runner.run(join_with_hello(runtime, event_id, WARMING))
            first.connect(port, path, hellos)
            first.wait_for("placed", WARMING, seconds_max=WAIT_SECONDS)
        time.sleep(SETTLE_SECONDS)
        process = psutil.Process(pid)
        before = process.memory_info().rss
        crowd.connect(port, path, runner.run(join_with_hello(runtime, event_id, sockets)))
        crowd.wait_for("placed", sockets, seconds_max=WAIT_SECONDS)
        time.sleep(SETTLE_SECONDS)
        after = process.memory_info().rss
        capacity = 1 + WARMING + sockets
        began = time.monotonic()
        runner.run(_configure(runtime, event_id, capacity=capacity))
        counts = _all_admitted(crowd, sockets)
    return Live(
        (after - before) / sockets / 1000,
        counts.first_admitted_at - began,
        counts.last_admitted_at - began,
    )


def _all_admitted(crowd: Crowd, sockets: int) -> Counts:
    counts = crowd.wait_for("admitted", sockets, seconds_max=WAIT_SECONDS)
    if counts.lost:
        raise RuntimeError(f"{counts.lost} connections were lost")
    return counts


def _measure(crowd: Crowd, pid: int) -> FanOut:
    process = psutil.Process(pid)
    before, began = process.cpu_times(), time.monotonic()
    per_second, message_bytes, clients_share = crowd.measure(WINDOW_SECONDS)
    after, took = process.cpu_times(), time.monotonic() - began
    busy = (after.user + after.system - before.user - before.system) / took
    return FanOut(per_second, per_second / busy, message_bytes, clients_share)


def measure_fan_out(stage: Stage, server: str, sockets: int) -> tuple[FanOut, bytes]:
    """Positions that change with every tick, as fast as they go; and one message's frame."""
    quick = {
        "live_tick_seconds": QUICK_TICK_SECONDS,
        "admit_interval_seconds": QUICK_TICK_SECONDS,
        "log_level": "warning",
    }
    with (
        _library(stage) as (runner, runtime),
        serve_service(stage, "queue", server, **quick) as (port, pid),
        Crowd() as crowd,
    ):
        event_id = runner.run(open_room(runtime, rate_per_minute=MOVED_PER_MINUTE, paused=True))
        runner.run(fill(runtime, event_id, FRONT))
        hellos = runner.run(join_with_hello(runtime, event_id, sockets))
        crowd.connect(port, f"/api/v1/queue/{event_id}/live", hellos)
        crowd.wait_for("placed", sockets, seconds_max=WAIT_SECONDS)
        runner.run(_configure(runtime, event_id, capacity=queue.CAPACITY_MAX, paused=False))
        time.sleep(2.0)
        measured = _measure(crowd, pid)
        counts = crowd.look()
        if counts.lost or counts.admitted:
            raise RuntimeError(f"{counts.lost} were lost, {counts.admitted} admitted meanwhile")
        runner.run(_configure(runtime, event_id, enabled=False))
    return measured, counts.sample


def measure_floor(stage: Stage, sockets: int, frame: bytes) -> FanOut:
    port, file = pick_free_port(), stage.directory / "frame"
    file.write_bytes(frame)
    command = [sys.executable, "-m", "bench.queue.floor", str(port), str(file), str(sockets)]
    log = stage.directory / f"floor-{port}.log"
    with serve(command, port, stage.environment(), log) as process, Crowd() as crowd:
        crowd.connect(port, "/", [b""] * sockets)
        time.sleep(1.0)
        return _measure(crowd, process.pid)


def _show(live: Live, pushed: list[FanOut], floor: list[FanOut], ratio: float) -> None:
    print(f"memory a socket             {live.kilobytes:8.1f} KB   at most {MEMORY_KB_MAX:g} KB")
    print(f"admission to the first      {live.first_seconds:8.2f} s")
    print(f"admission to the last       {live.last_seconds:8.2f} s")
    for name, turns in (("pushed", pushed), ("hand-written floor", floor)):
        figures = ", ".join(
            f"{turn.per_second:,.0f} ({turn.per_core_second:,.0f})" for turn in turns
        )
        size, share = turns[-1].message_bytes, median(turn.clients_share for turn in turns)
        print(f"{name:20} a second (of its processor time): {figures}")
        print(f"{'':20} {size:.0f} bytes each, the clients took {share:.2f} of a core")
    print(f"fan-out / floor             {ratio:8.2f}      floor {FAN_OUT_FLOOR}, aim {FAN_OUT_AIM}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=5_000)
    parser.add_argument("--server", choices=("hypercorn", "uvicorn"), default="hypercorn")
    parser.add_argument("--turns", type=int, default=TURNS)
    chosen = parser.parse_args()
    raise_file_limit()
    pushed, floor = [], []
    with open_stage() as stage:
        live = measure_live(stage, chosen.server, chosen.sockets)
        for _ in range(chosen.turns):
            turn, frame = measure_fan_out(stage, chosen.server, chosen.sockets)
            pushed.append(turn)
            floor.append(measure_floor(stage, chosen.sockets, frame))
    ratio = median(
        ours.per_core_second / bare.per_core_second
        for ours, bare in zip(pushed, floor, strict=True)
    )
    print(f"{chosen.sockets:,} sockets on one process, {chosen.server}")
    _show(live, pushed, floor, ratio)
    print(
        json.dumps(
            {
                "server": chosen.server,
                "sockets": chosen.sockets,
                "live": asdict(live),
                "pushed": [asdict(turn) for turn in pushed],
                "floor": [asdict(turn) for turn in floor],
                "ratio": ratio,
            }
        )
    )
    return int(live.kilobytes > MEMORY_KB_MAX or ratio < FAN_OUT_FLOOR)


if __name__ == "__main__":
    sys.exit(main())
