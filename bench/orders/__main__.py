"""`python -m bench.orders`: whole orders, from joining to the ticket, a second.

Five calls and a ticket each, over HTTP, on one process each of the queue, reservation and payment
services. Beside it, in turns and on the same stores, pretix: whose set-up takes some minutes the
first time, and half a minute later (`bench/orders/pretix`).
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from statistics import quantiles
from uuid import UUID

import uvloop
from psutil import Process

from bench.orders.buyers import Sale, buy_for
from bench.orders.pretix.install import NotInstalled, install
from bench.orders.pretix.server import Pretix, open_pretix
from bench.orders.turns import asleep
from bench.program import Figures, over, print_round, run_program
from bench.ratios import Ratio
from bench.reservation.orders import open_map
from bench.stage import Stage, open_library, serve_service, token_of
from tiketi.auth import api as auth
from tiketi.infra.embedded import pick_free_port
from tiketi.kernel.ids import new_id
from tiketi.queue import api as queue
from tiketi.seats import api as seats

SERVICES = ("queue", "reservation", "payment")
SERVERS = ("hypercorn", "uvicorn")
# At once. pretix sells no more to more of them, ours does: the few are for the time an order takes.
FEW, MANY = 32, 256
SECONDS_A_ROUND = 15
# More than are sold in a round.
SEATS = 10_000
# pretix 2026.8 on another machine, its best of several rounds: for where it cannot be installed.
STATED_PER_SECOND = 20.0
STATED_P99_MS = 1_500.0
P99 = 98  # of the hundred quantiles

Served = tuple[Mapping[str, int], Mapping[str, Process]]  # ports and processes by service


async def _open(stage: Stage) -> tuple[UUID, list[str], list[str]]:
    runtime = open_library(stage)
    room = queue.WaitingRoomSettings(enabled=True, capacity=10**6, rate_per_minute=10**6)
    event_id = await open_map(runtime, SEATS, room)
    seat_ids = list((await runtime.one(seats.SeatMaps).get(event_id)).seat_ids)
    emails = [f"{new_id()}@example.com" for _ in range(SEATS)]
    users: list[UUID] = []
    for start in range(0, SEATS, auth.ENROL_MAX):
        async with runtime.database.transaction() as tx:
            users += await auth.enrol_users(
                tx, emails=emails[start : start + auth.ENROL_MAX], now=runtime.clock.now()
            )
    tokens = [token_of(runtime, user_id) for user_id in users]
    await runtime.close()
    return event_id, seat_ids, tokens


def _serve_all(stage: Stage, server: str, running: ExitStack) -> Served:
    """A process of each; the sandbox's webhooks reach the payments' own, as in life."""
    ports = {name: pick_free_port() for name in SERVICES}
    webhooks = f"http://127.0.0.1:{ports['payment']}/api/v1/payments/webhooks/sandbox"
    processes = {}
    for name, port in ports.items():
        _, pid = running.enter_context(
            serve_service(stage, name, server, port=port, sandbox_webhook_url=webhooks)
        )
        processes[name] = Process(pid)
    return ports, processes


def _cpu_seconds(processes: Mapping[str, Process]) -> dict[str, float]:
    times = {name: process.cpu_times() for name, process in processes.items()}
    return {name: time.user + time.system for name, time in times.items()}


def _open_pretix(stage: Stage, events: list[str], running: ExitStack) -> Pretix | None:
    try:
        installed = install()
    except NotInstalled as error:
        print(f"pretix is not installed, so not measured: {error}", file=sys.stderr)
        return None
    return running.enter_context(open_pretix(stage, installed, events))


def measure(stage: Stage, servers: list[str], rounds: int) -> Figures:
    figures: Figures = defaultdict(list)
    pretix_events = [f"round-{number}" for number in range(rounds)]
    with ExitStack() as running:
        pretix = _open_pretix(stage, pretix_events, running)
        served = {server: _serve_all(stage, server, running) for server in servers}
        for number, pretix_event in enumerate(pretix_events):
            for server in servers:
                with asleep(_processes(served, but=server)):
                    for buyers in (FEW, MANY):
                        _sell_ours(stage, served[server], _ours(server, buyers), buyers, figures)
            if pretix:
                with asleep(_processes(served)):
                    orders, took = pretix.sell(pretix_event, FEW, SECONDS_A_ROUND)
                _note("pretix", orders, took, figures)
            print_round(number, figures)
    return figures


def _processes(served: Mapping[str, Served], *, but: str | None = None) -> Iterator[Process]:
    for server, (_, processes) in served.items():
        if server != but:
            yield from processes.values()


def _sell_ours(
    stage: Stage,
    served: Served,
    seller: str,
    buyers: int,
    figures: Figures,
) -> None:
    ports, processes = served
    event_id, seat_ids, tokens = asyncio.run(_open(stage))
    sale = Sale(event_id, ports, iter(seat_ids), iter(tokens))
    before = _cpu_seconds(processes)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        took = runner.run(buy_for(sale, buyers, SECONDS_A_ROUND))
    _note(seller, sale.seconds, took, figures)
    for name, seconds in _cpu_seconds(processes).items():
        spent = (seconds - before[name]) / len(sale.seconds)
        figures[f"{name} µs an order, {seller}"].append(spent * 1e6)


def _ours(server: str, buyers: int) -> str:
    return f"{server}, {buyers} buyers"


def _note(seller: str, orders: list[float], took: float, figures: Figures) -> None:
    figures[f"orders {seller}"].append(len(orders) / took)
    figures[f"p99 ms {seller}"].append(quantiles(orders, n=100)[P99] * 1000)


def judge(figures: Figures, servers: list[str]) -> list[Ratio]:
    pretix = "pretix"
    if "orders pretix" not in figures:
        pretix = "pretix (stated)"
        rounds = len(figures[f"orders {servers[0]}"])
        figures["orders pretix (stated)"] = [STATED_PER_SECOND] * rounds
        figures["p99 ms pretix (stated)"] = [STATED_P99_MS] * rounds
    ratios = []
    for server in servers:
        for buyers, floor in ((FEW, 0), (MANY, 20)):
            ours = _ours(server, buyers)
            rates = over(figures, f"orders {ours}", f"orders {pretix}")
            ratios.append(Ratio(f"orders / {pretix}, {ours}", floor, 50, rates))
            times = over(figures, f"p99 ms {pretix}", f"p99 ms {ours}")
            ratios.append(Ratio(f"{pretix}'s p99 / ours, {ours}", 0, 10, times))
    return ratios


if __name__ == "__main__":
    raise SystemExit(
        run_program(
            "bench.orders",
            __doc__,
            servers=SERVERS,
            tools=(),
            measure=measure,
            judge=judge,
            durable=True,
        )
    )
