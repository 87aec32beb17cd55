"""`python -m bench.reservation`: claims and POST /reservations beside pgbench, in turns.

Every buyer takes four seats of their own, commits wait for the disk, and server, stores and load
share the machine's cores.
"""

import asyncio
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import uvloop

from bench.load import SECONDS, Load, answered, press_file
from bench.program import Figures, over, print_round, run_program
from bench.ratios import Ratio
from bench.reservation.ceiling import press_pgbench
from bench.reservation.hall import SEATS_A_BUYER, open_hall
from bench.reservation.library import press_library
from bench.reservation.orders import open_map, write_orders
from bench.stage import Stage, serve_service
from tiketi.infra.runtime import open_runtime

CLIENTS = 32
BATCH, BATCH_CLIENTS = 64, 8
# More than anything here sells within one turn.
SEATS = 4 * 100_000
ORDERS = 12_500
SEVERAL = "several statements"
BARS = {"hypercorn": (0.60, 0.9), "uvicorn": (0.0, 0.0)}


def new_hall(stage: Stage) -> UUID:
    async def open_one() -> UUID:
        runtime = open_runtime(stage.settings, service="bench")
        try:
            return await open_hall(runtime, SEATS)
        finally:
            await runtime.close()

    return asyncio.run(open_one())


def press_claims(stage: Stage, event_id: UUID, waiting: int, **changed: int) -> float:
    async def press() -> float:
        settings = stage.settings.model_copy(update=changed)
        runtime = open_runtime(settings, service="bench")
        try:
            return await press_library(runtime, event_id, waiting=waiting, seconds=SECONDS)
        finally:
            await runtime.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(press())


def press_endpoint(stage: Stage, port: int) -> Load:
    async def prepare(path: Path) -> None:
        runtime = open_runtime(stage.settings, service="bench")
        event_id = await open_map(runtime, ORDERS * SEATS_A_BUYER)
        await write_orders(runtime, event_id, path)
        await runtime.close()

    path = stage.directory / "orders.txt"
    asyncio.run(prepare(path))
    return press_file(port, "/api/v1/reservations", path)


def measure(stage: Stage, servers: list[str], rounds: int) -> Figures:
    figures: Figures = defaultdict(list)
    with ExitStack() as running:
        ports = {
            server: running.enter_context(serve_service(stage, "reservation", server))[0]
            for server in servers
        }
        for number in range(rounds):
            measure_round(stage, ports, figures)
            print_round(number, figures)
    return figures


def measure_round(stage: Stage, ports: dict[str, int], figures: Figures) -> None:
    """Each figure once, on seats of its own."""

    def pgbench(script: str, **options: int) -> float:
        return press_pgbench(stage, script, new_hall(stage), seconds=SECONDS, **options)

    figures[SEVERAL].append(pgbench("several", clients=CLIENTS))
    figures["function"].append(pgbench("batch", clients=CLIENTS, buyers=1))
    figures["function of 64"].append(pgbench("batch", clients=BATCH_CLIENTS, buyers=BATCH))
    figures["claims, 64 waiting"].append(press_claims(stage, new_hall(stage), 64))
    figures["claims, 256 waiting"].append(press_claims(stage, new_hall(stage), 256))
    one = {"claim_batch_max": 1, "claim_flights_max": 8}
    figures["claims, one at a time"].append(press_claims(stage, new_hall(stage), CLIENTS, **one))
    for server, port in ports.items():
        load = press_endpoint(stage, port)
        figures[f"POST /reservations, {server}"].append(answered(load))
        figures[f"its p99 ms, {server}"].append(load.p99_ms)


def judge(figures: Figures, servers: list[str]) -> list[Ratio]:
    together = over(figures, "claims, 64 waiting", SEVERAL)
    alone = over(figures, "claims, one at a time", "function")
    return [
        Ratio("claims, 64 waiting / several statements", 3, 5, together),
        Ratio("claims, one at a time / function", 0.55, 0.9, alone),
        *(
            Ratio(
                f"POST /reservations, {server} / several statements",
                *BARS[server],
                over(figures, f"POST /reservations, {server}", SEVERAL),
            )
            for server in servers
        ),
    ]


if __name__ == "__main__":
    raise SystemExit(
        run_program(
            "bench.reservation",
            __doc__,
            servers=list(BARS),
            tools=("wrk",),
            measure=measure,
            judge=judge,
            durable=True,
        )
    )
