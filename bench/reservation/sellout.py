"""`python -m bench.reservation.sellout`: a hall of 50,000 seats is fought for by 200,000 attempts
over eight reservation processes, is given back, and is fought for again.

Each attempt is a buyer of their own who wants one to four neighbouring seats. It ends with status 1
unless every seat was sold exactly once, nobody met a deadlock, and what the seats take on disk is
no more after the last round than after the first.
"""

import argparse
import asyncio
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import UUID

import orjson
from sqlalchemy import text

from bench.load import Load, press_once, require_tools
from bench.reservation.orders import open_map
from bench.stage import Stage, open_stage, serve_service, token_of
from tiketi.admin.invariants import check_invariants
from tiketi.infra.runtime import Runtime, open_runtime
from tiketi.kernel.ids import new_id
from tiketi.seats import api as seats

SEATS, ATTEMPTS, PROCESSES, ROUNDS = 50_000, 200_000, 8, 3
SEATS_AN_ATTEMPT_MAX = 4
CONNECTIONS_A_PROCESS = 16
SECONDS_MAX = 600
RELEASE_SECONDS_MAX = 60
# The free room that vacuum leaves after the first round serves the others.
GROWTH_MAX = 1.25


@dataclass(frozen=True)
class Books:
    """What PostgreSQL says of the seats."""

    held: int
    owners: int
    granted: int
    deadlocks: int
    seat_bytes: int


async def write_attempts(
    runtime: Runtime, event_id: UUID, paths: Sequence[Path], attempts: int
) -> None:
    """A file a process; each line a buyer of neighbouring seats, chosen at random."""
    seat_ids = (await runtime.one(seats.SeatMaps).get(event_id)).seat_ids
    chosen = Random(secrets.randbits(32))  # noqa: S311 # who wants what, no secret
    for path in paths:
        with path.open("wb") as file:
            for _ in range(attempts // len(paths)):
                count = chosen.randint(1, SEATS_AN_ATTEMPT_MAX)
                first = chosen.randrange(len(seat_ids) - count)
                body = {"event_id": event_id, "seat_ids": seat_ids[first : first + count]}
                words = (token_of(runtime).encode(), str(new_id()).encode(), orjson.dumps(body))
                file.write(b"\t".join(words) + b"\n")


async def read_books(runtime: Runtime, event_id: UUID) -> Books:
    async with runtime.database.snapshot() as reader:
        row = (
            await reader.execute(
                text("""
                    SELECT count(*) FILTER (WHERE state = 'h') AS held,
                        count(DISTINCT reservation_id) AS owners,
                        (SELECT count(*) FROM reservations.reservation
                            WHERE event_id = :event_id AND status = 'pending') AS granted,
                        (SELECT deadlocks FROM pg_stat_database
                            WHERE datname = current_database()) AS deadlocks,
                        pg_total_relation_size('seats.seat') AS seat_bytes
                    FROM seats.seat WHERE event_id = :event_id"""),
                {"event_id": event_id},
            )
        ).one()
    return Books(*row)


async def end_all_holds(runtime: Runtime, event_id: UUID) -> float:
    """Let every hold's time be over; seconds until the sweepers have freed the last seat."""
    async with runtime.database.transaction() as tx:
        await tx.execute(text("SET LOCAL statement_timeout = 0"))
        await tx.execute(
            text("UPDATE reservations.reservation SET expires_at = now() WHERE status = 'pending'")
        )
    began = time.monotonic()
    while (await read_books(runtime, event_id)).held:
        if time.monotonic() > began + RELEASE_SECONDS_MAX:
            raise SystemExit("the sweepers did not free the seats")
        await asyncio.sleep(0.2)
    return time.monotonic() - began


def fight(ports: Sequence[int], paths: Sequence[Path]) -> list[Load]:
    """Every attempt once, all processes at a time."""

    def press(port: int, path: Path) -> Load:
        return press_once(
            port,
            "/api/v1/reservations",
            path,
            connections=CONNECTIONS_A_PROCESS,
            seconds_max=SECONDS_MAX,
        )

    with ThreadPoolExecutor(len(ports)) as pool:
        return list(pool.map(press, ports, paths))


async def judge(runtime: Runtime, event_id: UUID, granted: int) -> Books:
    """Leave unless the books and the answers agree, and every promise holds."""
    books = await read_books(runtime, event_id)
    if books.owners != books.granted or books.granted != granted:
        raise SystemExit(f"{granted} were answered 201, the books say {books}")
    report = await check_invariants(runtime)
    broken = [count for count in report.counts if count.violations]
    if broken:
        raise SystemExit(f"broken promises: {broken}")
    return books


def run(stage: Stage, chosen: argparse.Namespace, ports: Sequence[int]) -> None:
    runtime = open_runtime(stage.settings, service="bench")
    paths = [stage.directory / f"attempts-{port}.txt" for port in ports]
    with asyncio.Runner() as runner:
        event_id = runner.run(open_map(runtime, chosen.seats))
        first = runner.run(read_books(runtime, event_id))
        sizes: list[int] = []
        for number in range(1, ROUNDS + 1):
            each = chosen.attempts // ROUNDS
            runner.run(write_attempts(runtime, event_id, paths, each))
            began = time.monotonic()
            loads = fight(ports, paths)
            seconds = time.monotonic() - began
            asked = each // len(ports) * len(ports)
            granted = asked - sum(load.refused for load in loads)
            books = runner.run(judge(runtime, event_id, granted))
            freed_seconds = runner.run(end_all_holds(runtime, event_id))
            sizes.append(books.seat_bytes)
            print(
                f"round {number}: {asked} attempts in {seconds:.1f} s ({asked / seconds:.0f}/s), "
                f"p99 {max(load.p99_ms for load in loads):.0f} ms, {granted} granted, "
                f"{books.held} of {chosen.seats} seats; deadlocks "
                f"{books.deadlocks - first.deadlocks}; seats take {books.seat_bytes / 2**20:.1f} "
                f"MiB; all free again after {freed_seconds:.1f} s",
                flush=True,
            )
            if books.deadlocks != first.deadlocks:
                raise SystemExit("a deadlock")
        runner.run(runtime.close())
    if sizes[-1] > GROWTH_MAX * sizes[0]:
        raise SystemExit(f"the seats' table grew: {sizes} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seats", type=int, default=SEATS)
    parser.add_argument("--attempts", type=int, default=ATTEMPTS)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--server", default="hypercorn")
    chosen = parser.parse_args()
    require_tools("wrk")
    with open_stage(durable=True) as stage, ExitStack() as servers:
        ports = [
            servers.enter_context(serve_service(stage, "reservation", chosen.server))[0]
            for _ in range(chosen.processes)
        ]
        run(stage, chosen, ports)


if __name__ == "__main__":
    main()
