"""`python -m bench.queue`: status and join beside the bare server, joins beside redis-benchmark.

Every figure is taken in turns with its ceiling, so that the machine's mood is the same for both.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import uvloop

from bench.load import CONNECTIONS, Load, answered, press
from bench.program import over, print_round, run_program
from bench.queue.ceiling import press_script
from bench.ratios import Ratio
from bench.stage import (
    Stage,
    open_library,
    open_room,
    serve_bare,
    serve_service,
    token_of,
)
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.ids import new_id
from tiketi.queue import api as queue
from tiketi.queue import store
from tiketi.queue.keys import room_keys

# They ask a few times each, below what one person may ask in a minute.
WAITING = 2_000
# More than join in all rounds together.
NEWCOMERS_A_ROUND = 16_000
IN_PROCESS = 40_000
AT_ONCE = 64
BEARER = "Authorization: Bearer"
BARS = {"hypercorn": ((0.50, 0.70), (0.45, 0.60)), "uvicorn": ((0.45, 0.60), (0.0, 0.0))}


async def prepare(stage: Stage) -> tuple[UUID, list[str]]:
    """A room in which everybody waits, and the tokens of those who do."""
    runtime = open_library(stage)
    event_id = await open_room(runtime)
    actors = [Actor(new_id(), Role.USER) for _ in range(WAITING)]
    for actor in actors:
        now = runtime.clock.now()
        await queue.join_queue(runtime, actor, event_id, receipt=None, now=now)
    # In life PostgreSQL gives numbers in blocks; redis-benchmark cannot ask for them.
    await runtime.redis.command("HSET", room_keys(event_id)[0], "numbers_max", 10**9)
    tokens = [token_of(runtime, actor.user_id) for actor in actors]
    await runtime.close()
    return event_id, tokens


def write_newcomers(stage: Stage, path: Path) -> None:
    runtime = open_library(stage)
    path.write_text("".join(f"{token_of(runtime)}\n" for _ in range(NEWCOMERS_A_ROUND)))


async def join_in_process(stage: Stage, event_id: UUID) -> float:
    """Joins a second through the library, ``AT_ONCE`` callers at once."""
    runtime = open_library(stage)
    newcomers = iter([new_id() for _ in range(IN_PROCESS)])

    async def call() -> None:
        for user_id in newcomers:
            await store.join_plain(runtime.redis, event_id, user_id)

    started = time.perf_counter()
    await asyncio.gather(*(call() for _ in range(AT_ONCE)))
    took = time.perf_counter() - started
    await runtime.close()
    return IN_PROCESS / took


def measure(stage: Stage, servers: list[str], rounds: int) -> dict[str, list[float]]:
    event_id, tokens = asyncio.run(prepare(stage))
    waiting, newcomers = stage.directory / "waiting", stage.directory / "newcomers"
    waiting.write_text("".join(f"{token}\n" for token in tokens))
    room = f"/api/v1/queue/{event_id}"
    figures: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as running:
        ports = {
            server: (
                running.enter_context(serve_bare(stage, server)),
                running.enter_context(serve_service(stage, "queue", server))[0],
            )
            for server in servers
        }
        second = running.enter_context(serve_service(stage, "queue", servers[0]))[0]
        for number in range(rounds):
            for server, (bare, own) in ports.items():
                figures[f"bare {server}"].append(answered(press(bare, "/")))
                status = press(own, f"{room}/status", header=BEARER, values=waiting)
                figures[f"status {server}"].append(answered(status))
                write_newcomers(stage, newcomers)
                join = press(own, f"{room}/join", method="POST", header=BEARER, values=newcomers)
                figures[f"join {server}"].append(answered(join))
            pair = (ports[servers[0]][1], second)
            figures["status, two processes"].append(
                press_two(pair, f"{room}/status", [waiting] * 2)
            )
            halves = [stage.directory / f"newcomers-{half}" for half in range(2)]
            for half in halves:
                write_newcomers(stage, half)
            two = press_two(pair, f"{room}/join", halves, method="POST")
            figures["join, two processes"].append(two)
            figures["redis-benchmark"].append(press_script(stage, event_id))
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                figures["join in process"].append(runner.run(join_in_process(stage, event_id)))
            print_round(number, figures)
    return figures


def press_two(
    ports: tuple[int, int], path: str, values: Sequence[Path], *, method: str = "GET"
) -> float:
    """Two processes, half of the connections each, at the same time."""

    def half(port: int, those: Path) -> Load:
        return press(
            port, path, method=method, header=BEARER, values=those, connections=CONNECTIONS // 2
        )

    with ThreadPoolExecutor(2) as pool:
        return sum(answered(load) for load in pool.map(half, ports, values))


def judge(figures: dict[str, list[float]], servers: list[str]) -> list[Ratio]:
    ratios = []
    for server in servers:
        for name, (floor, aim) in zip(("status", "join"), BARS[server], strict=True):
            values = over(figures, f"{name} {server}", f"bare {server}")
            ratios.append(Ratio(f"{name} / bare, {server}", floor, aim, values))
    for name in ("status", "join"):
        values = over(figures, f"{name}, two processes", f"{name} {servers[0]}")
        # A join is the store's work too, on the same cores: told, not judged.
        floor, aim = (1.7, 1.9) if name == "status" else (0.0, 0.0)
        ratios.append(Ratio(f"two processes / one, {name}, {servers[0]}", floor, aim, values))
    values = over(figures, "join in process", "redis-benchmark")
    return [*ratios, Ratio("join in process / redis-benchmark 64x16", 0.50, 0.60, values)]


if __name__ == "__main__":
    raise SystemExit(
        run_program(
            "bench.queue",
            __doc__,
            servers=list(BARS),
            tools=("wrk", "redis-benchmark"),
            measure=measure,
            judge=judge,
        )
    )
