"""The reckoning as tables for people, and as one CSV."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from deploy.cost.bill import HOURS_A_MONTH, Line, month_bill
from deploy.cost.design import DESIGN_REGION, Figure, figures
from deploy.cost.onsale import Cost, OnSale, onsale_bill, plan_tasks
from deploy.cost.options import BreakEven, Option, break_evens, options
from deploy.cost.prices import Prices, read_prices
from deploy.environment import Environment
from tiketi.planning.domain import ServicePlan
from tiketi.services.registry import SERVICES, Service
from tiketi.settings import Settings

# Hours of full surge a month by which the ways to buy are compared.
SURGE_HOURS = (0, 10, 100)


@dataclass(frozen=True, slots=True)
class Report:
    environment: Environment
    lines: list[Line]
    options: list[Option]
    break_evens: list[BreakEven]
    design: list[Figure]
    onsale: OnSale | None
    costs: list[Cost]
    plans: tuple[ServicePlan, ...]


def make_report(
    environment: Environment, onsale: OnSale | None, services: Sequence[Service] = SERVICES
) -> Report:
    """Raises UnknownPrice for a region or a size that the table does not have."""
    prices = Prices(environment.region)
    server = Settings.model_fields["server"].default
    event = next(service for service in services if service.name == "event")
    return Report(
        environment=environment,
        lines=month_bill(services, environment, prices),
        options=options(services, environment, prices),
        break_evens=break_evens(services, environment, prices),
        design=figures(event, Prices(DESIGN_REGION)),
        onsale=onsale,
        costs=onsale_bill(onsale, services, environment, prices, server) if onsale else [],
        plans=plan_tasks(onsale, services, server) if onsale else (),
    )


def show(report: Report, console: Console) -> None:
    environment = report.environment
    console.print(
        _table(
            f"A month of {environment.name} in {environment.region}, US dollars"
            f" ({HOURS_A_MONTH} h, ECS on demand)",
            ("", "what", "idle", "at most"),
            [
                *((line.name, line.what, line.idle, line.peak) for line in report.lines),
                (
                    "together",
                    "",
                    sum(line.idle for line in report.lines),
                    sum(line.peak for line in report.lines),
                ),
            ],
        )
    )
    console.print(
        _table(
            "The services bought otherwise, US dollars a month",
            ("and full surge for", *(f"{hours} h" for hours in SURGE_HOURS)),
            [
                (option.name, *(option.month(hours) for hours in SURGE_HOURS))
                for option in report.options
            ],
        )
    )
    for even in report.break_evens:
        console.print(f"- {even.question}: {even.answer}", highlight=False)
    console.print()
    console.print(
        _table(
            "The design's own figures",
            ("", "stated", "reckoned"),
            [(figure.name, figure.stated, figure.ours) for figure in report.design],
        )
    )
    for figure in report.design:
        console.print(f"- {figure.name}: {figure.how}; {figure.verdict}", highlight=False)
    console.print()
    if report.onsale:
        _show_onsale(report, report.onsale, console)
    unsure = [price for price in read_prices() if price.certainty != "quoted"]
    console.print(
        f"{len(unsure)} of {len(read_prices())} prices are unchecked or estimates:"
        " deploy/cost/prices.csv, docs/cost.md",
        highlight=False,
    )


def _show_onsale(report: Report, onsale: OnSale, console: Console) -> None:
    console.print(
        _table(
            f"An on-sale: {onsale.audience:,} people over {onsale.hours:g} h,"
            f" {onsale.places:,} places; US dollars above the idle month",
            ("", "what", "adds"),
            [
                *((cost.name, cost.what, cost.usd) for cost in report.costs),
                ("together", "", sum(cost.usd for cost in report.costs)),
            ],
        )
    )
    for plan in report.plans:
        if plan.overflows:
            console.print(
                f"- {plan.service} would need {plan.tasks_wanted} tasks, it may have"
                f" {plan.tasks_max}: `tiketi plan` says what to do",
                highlight=False,
            )


def to_csv(report: Report) -> str:
    """One line a figure: section, name, what, idle, peak, of which an on-sale has the last."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("section", "name", "what", "usd_idle", "usd_peak"))
    for line in report.lines:
        lines.writerow((line.group, line.name, line.what, f"{line.idle:.2f}", f"{line.peak:.2f}"))
    for option in report.options:
        peak = option.month(HOURS_A_MONTH)
        lines.writerow(("options", option.name, "", f"{option.floor:.2f}", f"{peak:.2f}"))
    for cost in report.costs:
        lines.writerow((f"on-sale {cost.group}", cost.name, cost.what, "", f"{cost.usd:.2f}"))
    return text.getvalue()


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str | float]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    made = [[_shown(cell) for cell in row] for row in rows]
    numbers = {
        column for row in rows for column, cell in enumerate(row) if isinstance(cell, float | int)
    }
    for column, head in enumerate(heads):
        table.add_column(head, justify="right" if column in numbers else "left", no_wrap=True)
    for row in made:
        table.add_row(*row)
    return table


def _shown(cell: str | float) -> str:
    return cell if isinstance(cell, str) else f"{cell:,.2f}"
