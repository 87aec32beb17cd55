"""`python -m bench.events`: the five public reads beside the server's bare JSON, in turns.

The Node.js tiketi's figures are of another hour and another machine, and so are compared in that
machine's own measure: what it answers for each request of the same bare server there.
"""

import asyncio
from collections import defaultdict
from contextlib import ExitStack
from uuid import UUID

from bench.load import answered, press
from bench.program import over, print_round, run_program
from bench.ratios import Ratio
from bench.stage import Stage, open_library, serve_bare, serve_service
from tests.support.on_sale import General, Section, open_sale

SEATS = [Section(f"S{number}", 7, 100) for number in range(7)]  # 4,900
EVENTS = 40
READS = ("list", "search", "detail", "seats", "availability")
# Requests a second of one process; it has no search and no availability of its own. Beside them,
# the bare servers of the same machine.
NODE = {"list": 3_800.0, "detail": 5_400.0, "seats": 67.0}
NODE_BARE = {"hypercorn": 4_300.0, "uvicorn": 19_400.0}
NODE_BAR = (2.0, 5.0)
NODE_SEATS_BAR = (2.0, 50.0)
# Of the bare server: what a call of ours may cost beside the server itself.
BARE_BAR = (0.50, 0.70)


async def prepare(stage: Stage) -> dict[str, str]:
    """The paths, over an event of 4,900 seats among others."""
    runtime = open_library(stage)
    event = await open_sale(runtime, sections=SEATS, general=(General(),))
    for _ in range(EVENTS - 1):
        await open_sale(runtime, sections=(), general=(General(),))
    await runtime.close()
    return paths_of(event.id)


def paths_of(event_id: UUID) -> dict[str, str]:
    one = f"/api/v1/events/{event_id}"
    return {
        "list": "/api/v1/events",
        "search": "/api/v1/events?q=%ED%95%9C%EA%B0%95",
        "detail": one,
        "seats": f"{one}/seats",
        "availability": f"{one}/availability",
    }


def measure(stage: Stage, servers: list[str], rounds: int) -> dict[str, list[float]]:
    paths = asyncio.run(prepare(stage))
    codings = stage.directory / "codings"
    codings.write_text("gzip\n")
    figures: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as running:
        ports = {
            server: (
                running.enter_context(serve_bare(stage, server)),
                running.enter_context(
                    # Counted as ever; but one address alone makes all of the load.
                    serve_service(stage, "event", server, limit_public_per_minute=10**8)
                )[0],
            )
            for server in servers
        }
        for number in range(rounds):
            for server, (bare, own) in ports.items():
                figures[f"bare {server}"].append(answered(press(bare, "/")))
                for what, path in paths.items():
                    load = press(own, path, header="Accept-Encoding:", values=codings)
                    figures[f"{what} {server}"].append(answered(load))
            print_round(number, figures)
    return figures


def judge(figures: dict[str, list[float]], servers: list[str]) -> list[Ratio]:
    ratios = []
    for server in servers:
        for what in READS:
            values = over(figures, f"{what} {server}", f"bare {server}")
            ratios.append(Ratio(f"{what} / bare, {server}", *BARE_BAR, values))
        for what, node in NODE.items():
            share = node / NODE_BARE[server]
            values = tuple(
                each / share for each in over(figures, f"{what} {server}", f"bare {server}")
            )
            bars = NODE_SEATS_BAR if what == "seats" else NODE_BAR
            ratios.append(Ratio(f"{what} / Node.js tiketi's, {server}", *bars, values))
    return ratios


if __name__ == "__main__":
    raise SystemExit(
        run_program(
            "bench.events",
            __doc__,
            servers=list(NODE_BARE),
            tools=("wrk",),
            measure=measure,
            judge=judge,
        )
    )
