"""A whole simulation against the small shop: what is right passes, every flaw is noticed."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from tests.unit.cli.simulate.shop import open_shop
from tiketi.cli.simulate.accounts import HttpDoor
from tiketi.cli.simulate.client import Client
from tiketi.cli.simulate.plan import Plan
from tiketi.cli.simulate.printing import print_report
from tiketi.cli.simulate.report import Report
from tiketi.cli.simulate.simulation import Simulation
from tiketi.kernel.clock import SystemClock

SCARCE = Plan(
    buyers=80,
    seats=40,
    capacity=20,
    opens_in_seconds=0.2,
    arrivals_after_seconds=0.2,
    look_interval_seconds=0.1,
    timeout_seconds=60,
)
# Seats for all: so that everybody gets to show their temper.
PLENTY = replace(SCARCE, seats=200)


async def simulate(*flaws: str, plan: Plan = SCARCE) -> Report:
    async with open_shop(*flaws) as url:
        client = Client({"edge": url}, connections_max=16, timeout_seconds=10)
        console = Console(file=io.StringIO())
        door = HttpDoor("admin@example.org", "passphrase")
        try:
            simulation = Simulation(plan, client, door, SystemClock(), console, lambda _: ())
            return await simulation.run()
        finally:
            client.close()


async def test_a_sound_system_sells_everything_and_breaks_nothing() -> None:
    report = await simulate()
    assert report.broken == []
    assert report.seats_sold == 40
    assert sum(revenue for _, revenue in report.tiers.values()) == 40 * 1000
    assert sum(report.outcomes.values()) == 80


async def test_honest_buyers_only_meet_seats_that_are_taken() -> None:
    report = await simulate(plan=replace(SCARCE, honest=True, seats_per_order=2))
    assert report.broken == []
    assert set(report.refusals) <= {"409 seat_taken"}
    assert set(report.outcomes) == {"bought", "left, sold out"}


@pytest.mark.parametrize(
    ("flaw", "noticed"),
    [
        ("double sale", "no seat has two valid tickets"),
        ("overfull", "never more passes than the capacity"),
        ("overfull", "never more inside than the capacity (board)"),
        ("same number", "every number is given once"),
        ("wrong amount", "a charge is the sum of the prices"),
        ("no door", "no lie is believed"),
        ("no replay", "a repeated request is answered byte for byte"),
        ("untyped", "untyped refusal"),
        ("server error", "server error"),
    ],
)
async def test_a_flaw_is_noticed(flaw: str, noticed: str) -> None:
    report = await simulate(flaw, plan=PLENTY)
    assert noticed in report.broken


async def test_a_sale_that_cannot_end_is_broken() -> None:
    report = await simulate(plan=replace(SCARCE, capacity=0, timeout_seconds=2))
    assert report.broken == ["the line ends"]


async def test_the_report_shows_the_sale_and_what_broke() -> None:
    shown = io.StringIO()
    print_report(await simulate("overfull"), Console(file=shown, width=120))
    text = shown.getvalue()
    assert "40 of 40" in text
    assert "409 seat_taken" in text
    assert "Broken: never more passes than the capacity" in text
