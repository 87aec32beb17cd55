"""A capacity plan as people read it."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tiketi.kernel.clock import rfc3339

if TYPE_CHECKING:
    from tiketi.planning.api import CapacityPlan, ServicePlan

# In a file nothing has to be broken at the 80 columns that are assumed there.
LOG_COLUMNS = 120


def print_plan(plan: "CapacityPlan") -> None:
    """Who comes, what each service runs and why, when to scale, and what will not fit."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=LOG_COLUMNS)
    audience = plan.audience
    console.print(f"[bold]{escape(plan.sale.title)}[/bold]")
    console.print(f"opens      {rfc3339(plan.sale.opens_at)}")
    console.print(
        f"audience   {audience.expected:,} ({audience.low:,} to {audience.high:,}):"
        f" {audience.reason}"
    )
    console.print(f"planned    for {plan.planned_for:,} people on {plan.server}")
    console.print(_services(plan))
    if plan.actions:
        console.print(_actions(plan))
    else:
        console.print("nothing to schedule")
    for warning in plan.warnings:
        console.print(f"[yellow]warning[/yellow]    {escape(warning)}", soft_wrap=True)


def _services(plan: "CapacityPlan") -> Table:
    table = Table("service", "tasks", "of", "calls a second", "cores", "sockets")
    for service in plan.services:
        style = "yellow" if service.overflows else "green"
        table.add_row(
            service.service,
            f"[{style}]{service.tasks}[/{style}]",
            f"{service.tasks_min}–{service.tasks_max}",  # noqa: RUF001 # a range's dash
            _calls(service),
            f"{service.load.cores:.1f}",
            f"{service.load.sockets:,}",
        )
    return table


def _calls(service: "ServicePlan") -> str:
    calls = service.load.calls_per_second.items()
    return ", ".join(f"{name} {rate:,.0f}" for name, rate in calls) or "-"


def _actions(plan: "CapacityPlan") -> Table:
    table = Table("at", "service", "at least", "at most", "why")
    for action in plan.actions:
        table.add_row(
            rfc3339(action.at),
            action.service,
            str(action.tasks_min),
            str(action.tasks_max),
            action.reason,
        )
    return table
