"""A million people wait in one event on one machine: `python -m bench.queue.million`.

Synthetic joins through the store's own scripts, and a sample over real HTTP and sockets, in a line
and in a draw that awaits its opening. Exits 1 where a cost grows with the number of those who wait.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

import uvloop
from sqlalchemy import text

from bench.queue.crowd import Crowd, raise_file_limit
from bench.queue.patience import Sample
from bench.queue.people import fill
from bench.queue.watching import (
    Cost,
    await_rewrite,
    cost_of,
    read_memory,
    read_operations,
    reset_operations,
)
from bench.stage import Stage, open_library, open_room, open_stage, serve_service
from tiketi.infra.runtime import Runtime
from tiketi.queue import api as queue
from tiketi.queue import store
from tiketi.queue.drawing import hold_draw
from tiketi.queue.replies import DrawDue

SIZES = (10_000, 100_000)
ASKING, LISTENING = 3_000, 300
WAIT_SECONDS = 15.0
OPENS_IN = timedelta(hours=2)
OPENING_SECONDS = 1.0
# Of a million to ten thousand: what is counted may not grow; what is timed also wavers.
OPERATIONS_TIMES_MAX, TIME_TIMES_MAX = 1.2, 3.0
_MOVE_OPENING = text("UPDATE events.event SET sale_opens_at = :opens_at WHERE id = :event_id")


@dataclass(frozen=True)
class Level:
    """Costs while ``people`` wait; operations are of the store, a second."""

    people: int
    joins_per_second: float
    bytes_a_person: float
    admitter: Cost
    line: Cost
    scripts_per_second: float
    commands_per_second: float
    asked_per_second: float
    pushed_per_second: float


@dataclass(frozen=True)
class Opening:
    """Milliseconds of holding the draw, of the store's part in it, and till the board shows it."""

    people: int
    hold_ms: float
    store_ms: float
    shown_ms: float


async def move_opening(runtime: Runtime, event_id: UUID, wait: timedelta) -> None:
    """Put the sale's opening so far ahead: what a published event would not let anybody do."""
    now = runtime.clock.now()
    async with runtime.database.transaction() as tx:
        await tx.execute(_MOVE_OPENING, {"event_id": event_id, "opens_at": now + wait})
        await queue.configure(tx, runtime, event_id, {"mode": queue.Mode.DRAW}, now=now)


async def open_draw_room(runtime: Runtime) -> UUID:
    """A line that nobody joined yet, made a draw that opens long after."""
    event_id = await open_room(runtime)
    await move_opening(runtime, event_id, OPENS_IN)
    return event_id


async def measure_level(
    runtime: Runtime, event_id: UUID, sample: Sample, people: int, empty: int
) -> Level:
    waiting = (await queue.read_latest_board(runtime, event_id)).waiting
    joining = people - waiting - ASKING
    began = time.perf_counter()
    await fill(runtime, event_id, joining)
    joins_per_second = joining / (time.perf_counter() - began)
    await sample.join(runtime, ASKING)
    await await_rewrite(runtime)
    memory = await read_memory(runtime)
    admitter, lines = queue.Admitter(runtime), runtime.one(queue.Lines)
    admitter_cost = await cost_of(runtime, admitter.run_round)
    line_cost = await cost_of(runtime, partial(lines.renew, event_id))
    with Crowd() as crowd:
        listeners = [person.hello for person in sample.people[:LISTENING]]
        crowd.connect(sample.port, f"/api/v1/queue/{event_id}/live", listeners)
        await asyncio.sleep(2)
        frames = crowd.look().frames
        await reset_operations(runtime)
        began = time.monotonic()
        asked = await sample.wait(WAIT_SECONDS)
        took = time.monotonic() - began
        operations = await read_operations(runtime)
        frames = crowd.look().frames - frames
    board = await queue.read_latest_board(runtime, event_id)
    return Level(
        board.waiting,
        joins_per_second,
        (memory - empty) / (board.waiting + board.admitted),
        admitter_cost,
        line_cost,
        operations.scripts / took,
        operations.commands / took,
        asked,
        frames / took,
    )


async def measure_opening(runtime: Runtime, event_id: UUID) -> Opening:
    """From the moment that the store says the draw is due."""
    people = (await queue.read_latest_board(runtime, event_id)).waiting
    await move_opening(runtime, event_id, timedelta(seconds=OPENING_SECONDS))
    due = await store.read_board(runtime.redis, event_id)
    while not isinstance(due, DrawDue):
        due = await store.read_board(runtime.redis, event_id)
    await reset_operations(runtime)
    began = time.perf_counter()
    await hold_draw(runtime, event_id, due)
    held = time.perf_counter()
    operations = await read_operations(runtime)
    read = time.perf_counter()
    board = await queue.read_latest_board(runtime, event_id)
    shown = time.perf_counter()
    if board.draw is None or board.draw.key is None or board.waiting != people:
        raise RuntimeError(f"of {people} people the draw has {board.waiting}: {board.draw}")
    return Opening(
        people, (held - began) * 1000, operations.script_ms, (held - began + shown - read) * 1000
    )


async def measure_levels(
    stage: Stage, port: int, sizes: Sequence[int], *, drawn: bool
) -> tuple[list[Level], list[Opening]]:
    runtime, levels, openings = open_library(stage), [], []
    try:
        empty = await read_memory(runtime)
        event_id = await (open_draw_room(runtime) if drawn else open_room(runtime))
        sample = Sample(port, event_id)
        await fill(runtime, event_id, 1)  # in a line without a draw: the one who is inside
        for people in sizes:
            level = await measure_level(runtime, event_id, sample, people, empty)
            levels.append(level)
            print(_row("draw" if drawn else "line", level), flush=True)
        if drawn:
            for _ in range(3):
                small = await open_draw_room(runtime)
                await fill(runtime, small, sizes[0])
                openings.append(await measure_opening(runtime, small))
            openings.append(await measure_opening(runtime, event_id))
    finally:
        await runtime.close()
    return levels, openings


def _row(kind: str, level: Level) -> str:
    return (
        f"{kind:5}{level.people:>10,}{level.joins_per_second:>9,.0f}{level.bytes_a_person:>8.0f}"
        f"{level.admitter.store_ms:>9.3f}{level.admitter.wall_ms:>7.2f}{level.admitter.cpu_ms:>7.2f}"
        f"{level.line.store_ms:>9.3f}{level.line.wall_ms:>7.2f}{level.line.cpu_ms:>7.2f}"
        f"{level.scripts_per_second:>9.1f}{level.commands_per_second:>8.0f}"
        f"{level.asked_per_second:>8.0f}{level.pushed_per_second:>8.0f}"
    )


_HEAD = """\
                          bytes a  admitter's round, ms     read of a line, ms      store a second \
      sample a second
kind     people  joins/s  person    store   wall    cpu    store   wall    cpu  scripts commands\
   asked  pushed"""


def find_growth(levels: Sequence[Level], openings: Sequence[Opening]) -> dict[str, float]:
    """How many times as much the most people cost as the fewest."""
    few, many = levels[0], levels[-1]
    grown = {
        "scripts": many.scripts_per_second / few.scripts_per_second,
        "commands": many.commands_per_second / few.commands_per_second,
        "admitter_store_ms": many.admitter.store_ms / few.admitter.store_ms,
        "line_store_ms": many.line.store_ms / few.line.store_ms,
    }
    if openings:
        of_few = sorted(opening.store_ms for opening in openings[:-1])
        grown["opening_store_ms"] = openings[-1].store_ms / of_few[len(of_few) // 2]
    return grown


def _most(figure: str) -> float:
    return TIME_TIMES_MAX if figure.endswith("_ms") else OPERATIONS_TIMES_MAX


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--server", choices=("hypercorn", "uvicorn"), default="hypercorn")
    chosen = parser.parse_args()
    raise_file_limit()
    sizes = [*(size for size in SIZES if size < chosen.people), chosen.people]
    print(_HEAD, flush=True)
    result, failed = {}, False
    for kind in ("line", "draw"):
        with (
            open_stage() as stage,
            serve_service(stage, "queue", chosen.server, log_level="warning") as (port, _pid),
        ):
            measured = measure_levels(stage, port, sizes, drawn=kind == "draw")
            levels, openings = uvloop.run(measured)
        for opening in openings:
            print(
                f"opening a draw of {opening.people:,}: {opening.hold_ms:.1f} ms, of the store "
                f"{opening.store_ms:.3f} ms; on the board after {opening.shown_ms:.1f} ms"
            )
        grown = find_growth(levels, openings)
        for figure, times in grown.items():
            print(f"{kind}: {figure} times {times:.2f}, at most {_most(figure):g}")
            failed |= times > _most(figure)
        result[kind] = {
            "levels": [asdict(level) for level in levels],
            "openings": [asdict(opening) for opening in openings],
            "grown": grown,
        }
    print(json.dumps(result))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
