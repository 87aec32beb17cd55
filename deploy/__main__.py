"""`python -m deploy emit | check | schedule | cost`: run where pyproject.toml lies."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from deploy.emit import Target, make_documents, write_documents
from deploy.environment import ENVIRONMENTS, Environment

app = typer.Typer(no_args_is_help=True, add_completion=False)

EnvironmentName = Annotated[str, typer.Option("--env", help=f"One of {', '.join(ENVIRONMENTS)}.")]


@app.callback()
def main() -> None:
    """Definitions of everything that Tiketi runs on."""


@app.command()
def emit(
    env: EnvironmentName = "prod",
    target: Annotated[Target, typer.Option()] = "both",
    out: Annotated[Path, typer.Option(help="The folder; made if missing.")] = Path("build/deploy"),
) -> None:
    """Write every definition of an environment into a folder."""
    documents = make_documents(_find_environment(env), target)
    write_documents(documents, out)
    typer.echo(f"{len(documents)} documents in {out}")


@app.command()
def check(
    env: EnvironmentName = "prod",
    target: Annotated[Target, typer.Option()] = "both",
    lint: Annotated[bool, typer.Option(help="cfn-lint too, which takes longest.")] = True,
) -> None:
    """Say what is wrong with the definitions; 1 if anything is."""
    from deploy.check import run  # noqa: PLC0415 # cfn-lint is slow to import

    environment = _find_environment(env)
    documents = make_documents(environment, target)
    rules = run.RULES if lint else run.QUICK_RULES
    count = 0
    for rule, finding in run.check_documents(documents, environment, rules):
        count += 1
        place = f"{finding.document}: {finding.place}" if finding.place else finding.document
        typer.echo(f"{place}: {finding.message} [{rule}]")
    typer.echo(f"{len(documents)} documents of {env}, {len(rules)} rules, {count} findings")
    raise typer.Exit(1 if count else 0)


@app.command()
def schedule(
    plans: Annotated[list[Path], typer.Argument(help="What `tiketi plan --json` wrote.")],
    env: EnvironmentName = "prod",
    target: Annotated[Literal["ecs", "eks"], typer.Option()] = "ecs",
    out: Annotated[Path, typer.Option(help="The folder; made if missing.")] = Path("build/deploy"),
) -> None:
    """Write what scales at the times of events' capacity plans: a stack, or CronJobs."""
    from deploy.aws.services.schedule import make_scheduled  # noqa: PLC0415 # one target's own
    from deploy.kubernetes import schedule as cron  # noqa: PLC0415 # the other's

    environment = _find_environment(env)
    make = make_scheduled if target == "ecs" else cron.make_scheduled
    try:
        documents = make(environment, [plan.read_text("utf-8") for plan in plans])
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    write_documents(documents, out)
    typer.echo(f"{', '.join(documents)} in {out}")


@app.command()
def compose() -> None:
    """Print compose.yaml: the services and their stores on one machine."""
    from deploy import compose as made  # noqa: PLC0415 # the name is the command's

    typer.echo(made.compose(), nl=False)


@app.command()
def cost(
    *,
    env: EnvironmentName = "prod",
    region: Annotated[str | None, typer.Option(help="Another one that the table has.")] = None,
    audience: Annotated[int | None, typer.Option(min=1, help="An on-sale's, too.")] = None,
    hours: Annotated[float, typer.Option(min=0.5, help="How long its tasks run.")] = 10,
    places: Annotated[int, typer.Option(min=1, help="What it sells.")] = 50_000,
    csv: Annotated[Path | None, typer.Option(help="Write the figures there.")] = None,
    chart: Annotated[Path | None, typer.Option(help="Draw the month there, as SVG.")] = None,
) -> None:
    """Reckon the month's bill, and what an on-sale adds."""
    from rich.console import Console  # noqa: PLC0415 # of this command alone

    from deploy.cost import chart as drawing  # noqa: PLC0415 # as above
    from deploy.cost import report as reckoning  # noqa: PLC0415 # as above
    from deploy.cost.onsale import OnSale  # noqa: PLC0415 # as above
    from deploy.cost.prices import UnknownPrice  # noqa: PLC0415 # as above

    environment = _find_environment(env)
    if region:
        environment = replace(environment, region=region)
    onsale = OnSale(audience, hours, places) if audience else None
    try:
        made = reckoning.make_report(environment, onsale)
    except UnknownPrice as error:
        raise typer.BadParameter(str(error)) from error
    reckoning.show(made, Console(soft_wrap=True))
    if csv:
        csv.write_text(reckoning.to_csv(made), encoding="utf-8")
    if chart:
        title = f"{environment.name} in {environment.region}: US dollars a month"
        chart.write_text(drawing.chart(made.lines, title), encoding="utf-8")


def _find_environment(name: str) -> Environment:
    if name not in ENVIRONMENTS:
        raise typer.BadParameter(f"no environment {name!r}; there are {', '.join(ENVIRONMENTS)}")
    return ENVIRONMENTS[name]


if __name__ == "__main__":
    app()
