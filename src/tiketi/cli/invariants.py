"""`tiketi invariants`: every promise, counted on the stores themselves."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from tiketi.cli.data_directory import DEFAULT_DATA
from tiketi.cli.environment import fail, load_settings
from tiketi.cli.running import find_running
from tiketi.settings import Settings

if TYPE_CHECKING:
    from tiketi.admin.api import Report

BROKEN = 1
NOT_REACHED = 2
NO_STORES = (
    "there is no system to look at: start `tiketi up`, or set TIKETI_DATABASE_URL and"
    " TIKETI_REDIS_URL"
)


def invariants(
    *,
    data: Annotated[
        Path | None, typer.Option(help=f"A data directory of `tiketi up`. {DEFAULT_DATA}")
    ] = None,
) -> None:
    """Count what breaks each promise: seats, tiers, money, tickets, limits, the waiting room.

    Looks at the stores that the settings name, else at those of the system that runs here. Leaves
    with 1 when a promise is broken, and with 2 when the stores cannot be reached.
    """
    report = _check(_settings(data))
    table = Table("promise", "violations")
    for count in report.counts:
        style = "red" if count.violations else "green"
        table.add_row(count.name, f"[{style}]{count.violations}[/{style}]")
    Console(highlight=False).print(table)
    broken = sum(1 for count in report.counts if count.violations)
    if broken:
        fail(f"{broken} of {len(report.counts)} promises are broken", code=BROKEN)


def _settings(data: Path | None) -> Settings:
    settings = load_settings()
    # A directory that is named wins over the settings.
    database_url = None if data else settings.database_url
    redis_url = None if data else settings.redis_url
    if database_url is None or redis_url is None:
        running = find_running(data)
        if running is None:
            fail(NO_STORES, code=NOT_REACHED)
        database_url = database_url or running.database_url
        redis_url = redis_url or running.redis_url
    return settings.model_copy(
        update={
            "database_url": database_url,
            "database_reader_url": None,
            "redis_url": redis_url,
        }
    )


def _check(settings: Settings) -> "Report":
    from asyncpg import PostgresError  # noqa: PLC0415 # slow to import
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 # slow to import

    from tiketi.kernel.errors import TiketiError  # noqa: PLC0415 # slow to import

    try:
        return asyncio.run(_check_stores(settings))
    except (SQLAlchemyError, PostgresError, TiketiError, OSError, ValueError) as error:
        cause = error.__cause__ or getattr(error, "orig", None) or error
        reason = (str(cause).splitlines() or [type(cause).__name__])[0]
        fail(
            f"nothing was checked: {reason}",
            "`tiketi doctor` says more about the stores",
            code=NOT_REACHED,
        )


async def _check_stores(settings: Settings) -> "Report":
    from tiketi.admin.api import check_invariants  # noqa: PLC0415 # slow to import
    from tiketi.infra.runtime import open_runtime  # noqa: PLC0415 # slow to import

    runtime = open_runtime(settings, service="invariants")
    try:
        return await check_invariants(runtime)
    finally:
        await runtime.close()
