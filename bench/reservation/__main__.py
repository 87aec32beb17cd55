"""`python -m bench.reservation`: claims and POST /reservations beside pgbench, in turns.

Every buyer takes four seats of their own, commits wait for the disk, and server, stores and load
share the machine's cores.
"""

import argparse
import asyncio
import subprocess
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import uvloop

from bench.load import CONNECTIONS, SECONDS, Load, press_file, require_tools
from bench.ratios import Ratio, print_ratios, write_json
from bench.reservation.ceiling import press_pgbench
from bench.reservation.hall import SEATS_A_BUYER, open_hall
from bench.reservation.library import press_library
from bench.reservation.orders import open_map, write_orders
from bench.stage import Stage, open_stage, serve_service
from tiketi.infra.runtime import open_runtime

CLIENTS = 32
BATCH, BATCH_CLIENTS = 64, 8
# More than anything here sells within one turn.
SEATS = 4 * 100_000
ORDERS = 12_500
SERVERS = ("hypercorn", "uvicorn")


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


def run_round(stage: Stage, ports: dict[str, int], figures: dict[str, list[float]]) -> None:
    """Each figure once, on seats of its own."""

    def note(name: str, value: float) -> None:
        figures[name].append(value)
        print(f"  {name:34} {value:9.0f}/s", flush=True)

    def pgbench(name: str, script: str, **options: int) -> None:
        note(name, press_pgbench(stage, script, new_hall(stage), seconds=SECONDS, **options))

    pgbench("pgbench, several statements", "several", clients=CLIENTS)
    pgbench("pgbench, a function a buyer", "batch", clients=CLIENTS, buyers=1)
    pgbench("pgbench, a batch of 64", "batch", clients=BATCH_CLIENTS, buyers=BATCH)
    note("claims, 64 waiting", press_claims(stage, new_hall(stage), 64))
    note("claims, 256 waiting", press_claims(stage, new_hall(stage), 256))
    one = {"claim_batch_max": 1, "claim_flights_max": 8}
    note("claims, one at a time", press_claims(stage, new_hall(stage), 32, **one))
    for server, port in ports.items():
        load = press_endpoint(stage, port)
        if load.refused:
            raise RuntimeError(f"{load.refused} orders were refused")
        note(f"POST /reservations, {server}", load.per_second)
        figures[f"POST /reservations, {server}, p99 ms"].append(load.p99_ms)


def ratios_of(figures: dict[str, list[float]]) -> list[Ratio]:
    def over(name: str, figure: str, ceiling: str, *, floor: float, aim: float) -> Ratio:
        pairs = zip(figures[figure], figures[ceiling], strict=True)
        return Ratio(name, floor, aim, tuple(value / most for value, most in pairs))

    several = "pgbench, several statements"
    return [
        over("claims, 64 waiting / several", "claims, 64 waiting", several, floor=3, aim=5),
        over(
            *("one claim / function", "claims, one at a time", "pgbench, a function a buyer"),
            floor=0.55,
            aim=0.9,
        ),
        *(
            over(
                *(f"POST /reservations, {server} / several", f"POST /reservations, {server}"),
                several,
                floor=0.60 if server == "hypercorn" else 0.0,
                aim=0.9 if server == "hypercorn" else 0.0,
            )
            for server in SERVERS
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    require_tools("wrk")
    figures: dict[str, list[float]] = defaultdict(list)
    print(f"{CONNECTIONS} connections, {SECONDS} s a figure, {arguments.rounds} rounds")
    with open_stage(durable=True) as stage, ExitStack() as servers:
        ports = {
            server: servers.enter_context(serve_service(stage, "reservation", server))[0]
            for server in SERVERS
        }
        for number in range(arguments.rounds):
            print(f"round {number + 1}")
            run_round(stage, ports, figures)
    ratios = ratios_of(figures)
    if arguments.json:
        write_json(arguments.json, ratios, figures)
    if not print_ratios(ratios):
        raise SystemExit(1)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        raise SystemExit(error.stderr) from error
