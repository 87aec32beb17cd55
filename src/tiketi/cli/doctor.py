"""`tiketi doctor`: what is wrong here, and what to do about it."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from tiketi.cli.data_directory import DEFAULT_DATA, default_data_directory
from tiketi.cli.environment import explain, unknown_settings
from tiketi.cli.findings import Finding, State, ok, warning, wrong
from tiketi.cli.machine_checks import (
    check_data,
    check_disk,
    check_ports,
    check_programs,
    check_python,
)
from tiketi.cli.running import RunningSystem, find_running
from tiketi.settings import Settings

STYLES = {State.OK: "green", State.WARNING: "yellow", State.WRONG: "red"}


def doctor(
    *,
    data: Annotated[
        Path | None, typer.Option(help=f"A data directory of `tiketi up`. {DEFAULT_DATA}")
    ] = None,
) -> None:
    """Say what is wrong with this machine, its settings and its stores, and what to do.

    Looks at the stores that the settings name, else at those of the system that runs here.
    Leaves with 1 if anything is wrong.
    """
    findings = examine(data)
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        remedy = f" → {finding.remedy}" if finding.remedy else ""
        style = STYLES[finding.state]
        line = escape(f"{finding.subject}: {finding.said}{remedy}")
        console.print(f"[{style}]{finding.state:>7}[/{style}]  {line}")
    if any(finding.state is State.WRONG for finding in findings):
        raise typer.Exit(1)


def examine(data: Path | None) -> list[Finding]:
    """Every finding, in the order in which to mend them."""
    findings = [check_python()]
    try:
        settings = Settings()
    except ValidationError as error:
        # Whatever follows would be judged by settings that are not meant.
        return [*findings, *(wrong("settings", line, "correct it") for line in explain(error))]
    findings.append(ok("settings", "they parse"))
    findings += [warning("settings", line, "correct or remove it") for line in unknown_settings()]
    home = data.absolute() if data else default_data_directory()
    running = find_running(home)
    needs_postgres, needs_valkey = settings.database_url is None, settings.redis_url is None
    findings += check_programs(needs_postgres=needs_postgres, needs_valkey=needs_valkey)
    findings += check_data(home, needs_postgres=needs_postgres)
    findings.append(check_disk(home))
    findings += check_ports(settings.host, running)
    findings += asyncio.run(_examine_stores(settings, running))
    return findings


async def _examine_stores(settings: Settings, running: RunningSystem | None) -> list[Finding]:
    # alembic, asyncpg and redis are slow to import.
    from tiketi.cli.store_checks import check_database, check_redis  # noqa: PLC0415 # slow to import

    database_url = settings.database_url or (running.database_url if running else None)
    redis_url = settings.redis_url or (running.redis_url if running else None)
    findings: list[Finding] = []
    if database_url is not None:
        findings += [finding async for finding in check_database(database_url)]
    if settings.database_reader_url is not None:
        reader = check_database(settings.database_reader_url, "database reader")
        findings += [finding async for finding in reader]
    if redis_url is not None:
        named = settings.model_copy(update={"redis_url": redis_url})
        findings += [finding async for finding in check_redis(named)]
    if database_url is None and redis_url is None:
        findings.append(ok("stores", "none named and none running: `tiketi up` brings its own"))
    return findings
