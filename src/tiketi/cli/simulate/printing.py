"""The report as tables on a terminal, or as plain text where there is none."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from tiketi.cli.simulate.report import Report
from tiketi.cli.simulate.stats import Latency
from tiketi.kernel.money import Money

STEPS_IN_ORDER = (
    "register", "log in", "refresh", "join", "status", "leave", "event", "seat map",
    "availability", "board", "lock", "renew lock", "reserve", "best available", "reuse key",
    "pay", "confirm", "payment", "reservation", "tickets", "cancel", "refund",
    "lie", "admin", "audit",
)  # fmt: skip


def print_report(report: Report, console: Console) -> None:
    """Everything, the verdict last."""
    _sold(report, console)
    _counts(console, "How the buyers ended", report.outcomes)
    _counts(console, "Refusals", report.refusals)
    _latencies(report, console)
    _troubles(report, console)
    _checks(report, console)
    if report.ok:
        console.print("[bold green]Every promise was kept.[/]")
    else:
        console.print(f"[bold red]Broken: {', '.join(report.broken)}[/]")


def _sold(report: Report, console: Console) -> None:
    table = Table("tier", "sold", "revenue", title="Sold", title_justify="left")
    for name, (seats, revenue) in report.tiers.items():
        table.add_row(name, str(seats), str(Money(revenue, report.currency)))
    total = sum(revenue for _, revenue in report.tiers.values())
    of_all = f"{report.seats_sold} of {report.plan.seats}"
    table.add_row("all", of_all, str(Money(total, report.currency)), style="bold")
    console.print(table)
    console.print(
        f"{report.plan.buyers} buyers, {report.took_seconds:.1f} s, "
        f"{sum(step.count for step in report.latencies.values())} calls"
    )


def _counts(console: Console, title: str, counts: Mapping[str, int]) -> None:
    if counts:
        table = Table("", "count", title=title, title_justify="left", show_header=False)
        for name, count in sorted(counts.items(), key=lambda pair: -pair[1]):
            table.add_row(name, str(count))
        console.print(table)


def _latencies(report: Report, console: Console) -> None:
    table = Table("step", title="Latency, ms", title_justify="left")
    for heading in ("count", "p50", "p99", "max"):
        table.add_column(heading, justify="right")
    for step in _in_order(report.latencies):
        table.add_row(step, *_figures(report.latencies[step]))
    table.add_row("waited for a connection", *_figures(report.queueing), style="dim")
    console.print(table)


def _in_order(steps: Iterable[str]) -> Sequence[str]:
    known = {step: place for place, step in enumerate(STEPS_IN_ORDER)}
    return sorted(steps, key=lambda step: known.get(step, len(known)))


def _figures(latency: Latency) -> tuple[str, str, str, str]:
    shown = (latency.p50_ms, latency.p99_ms, latency.max_ms)
    return str(latency.count), *(f"{figure:.1f}" for figure in shown)  # type: ignore[return-value]  # three figures


def _troubles(report: Report, console: Console) -> None:
    for kill in report.kills:
        console.print(f"kill -9 {kill.process} {kill.pids} after {kill.at_seconds:.1f} s")
    for gap in report.gaps:
        console.print(
            f"{gap.service} did not answer for {gap.lasted_seconds:.2f} s, "
            f"from {gap.began_seconds:.1f} s on"
        )
    missed = sum(report.unavailable.values())
    console.print(
        f"{sum(report.faults.values())} faults, {missed} unavailable (503 or no answer), "
        f"{report.throttled} throttled (429), {report.retries} calls repeated"
    )
    for example in report.fault_examples:
        console.print(f"[red]{example}[/]", markup=True, highlight=False)


def _checks(report: Report, console: Console) -> None:
    table = Table("promise", "looked at", "broken", title="Invariants", title_justify="left")
    for check in report.checks:
        style = "" if check.kept else "bold red"
        table.add_row(check.name, str(check.looked_at), str(check.violations), style=style)
    for name, violations in report.invariants.items():
        style = "bold red" if violations else ""
        table.add_row(f"server: {name}", "", str(violations), style=style)
    console.print(table)
    for check in report.checks:
        for example in check.examples:
            console.print(f"  {check.name}: {example}", style="red", markup=False)
