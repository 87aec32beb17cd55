"""The simulation while it runs: a live table on a terminal, a line now and then elsewhere."""

import asyncio
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tiketi.cli.simulate.buyer import World
from tiketi.cli.simulate.house import AVAILABLE, HELD, SOLD

LIVE_INTERVAL_SECONDS = 0.5
LINE_INTERVAL_SECONDS = 5.0
STAGES = ("arriving", "waiting", "choosing", "holding", "paying")
REFUSALS_SHOWN_MAX = 6


@dataclass(slots=True)
class Progress:
    """Reads the world's counters; it changes nothing."""

    world: World
    console: Console
    calls_before: int = 0
    at_before: float = 0.0

    async def run(self) -> None:
        """Show until cancelled."""
        if not self.console.is_terminal:
            while True:
                await asyncio.sleep(LINE_INTERVAL_SECONDS)
                self.console.print(self.line(), highlight=False, soft_wrap=True)
        with Live(console=self.console, auto_refresh=False, transient=True) as live:
            while True:
                live.update(self.table(), refresh=True)
                await asyncio.sleep(LIVE_INTERVAL_SECONDS)

    def line(self) -> str:
        """The state in one line."""
        return "  ".join(f"{name} {value}" for name, value in self._figures().items())

    def table(self) -> Table:
        """The state, and the refusals so far."""
        table = Table(show_header=False, title="On sale", title_justify="left")
        for name, value in self._figures().items():
            table.add_row(name, value)
        for (status, code), count in self.world.stats.refusals_by_code().most_common(
            REFUSALS_SHOWN_MAX
        ):
            table.add_row(f"refused: {status} {code}", str(count))
        return table

    def _figures(self) -> dict[str, str]:
        world, stats = self.world, self.world.stats
        snapshot, now = world.watch.snapshot, world.clock.monotonic()
        rate = (stats.calls - self.calls_before) / max(0.001, now - (self.at_before or now - 1))
        self.calls_before, self.at_before = stats.calls, now
        figures = {"time": f"{now - stats.started:.0f} s"}
        figures |= {stage: str(stats.stages[stage]) for stage in STAGES}
        figures["done"] = str(world.ledger.outcomes.total())
        figures["free/held/sold"] = "/".join(
            str(snapshot.count(state)) for state in (AVAILABLE, HELD, SOLD)
        )
        figures["inside"] = f"{world.watch.board.get('admitted', 0)} of {world.plan.capacity}"
        figures["calls/s"] = f"{rate:.0f}"
        figures["refused"] = str(stats.refusals.total())
        figures["unavailable"] = str(stats.unavailable.total())
        figures["faults"] = str(stats.faults.total())
        return figures
