"""`tiketi plan`: the capacity plan of an event, for people or as the document deploy/ reads."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from tiketi.cli.data_directory import DEFAULT_DATA
from tiketi.cli.environment import USAGE_ERROR, fail, load_settings
from tiketi.cli.plan_table import print_plan
from tiketi.cli.running import find_running
from tiketi.services.registry import SERVICES
from tiketi.settings import Settings

if TYPE_CHECKING:
    from tiketi.planning.api import CapacityPlan

NO_DATABASE = "there is no system to look at: start `tiketi up`, or set TIKETI_DATABASE_URL"
AUDIENCE_MAX = 10_000_000


def plan(
    event_id: Annotated[
        UUID | None, typer.Argument(metavar="EVENT_ID", help="The event.", show_default=False)
    ] = None,
    *,
    audience: Annotated[
        int | None,
        typer.Option(min=1, max=AUDIENCE_MAX, help="Plan for so many people, whoever is expected."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The document that deploy/ reads: docs/plan.md.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of the document and leave.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(help=f"A data directory of `tiketi up`. {DEFAULT_DATA}")
    ] = None,
) -> None:
    """Say how many people to expect at an event's opening, what they need, and when to scale.

    Leaves with 1 for an unknown event or a database out of reach. What the plan cannot bear is
    told as a warning, in the document too.
    """
    from tiketi.planning.api import plan_text, schema_text  # noqa: PLC0415 # slow to import

    if schema:
        typer.echo(schema_text(), nl=False)
        return
    if event_id is None:
        fail("which event? `tiketi plan EVENT_ID`", code=USAGE_ERROR)
    made = _make(_settings(data), event_id, audience)
    if as_json:
        typer.echo(plan_text(made), nl=False)
    else:
        print_plan(made)


def _settings(data: Path | None) -> Settings:
    settings = load_settings()
    # A directory that is named wins over the settings.
    database_url = None if data else settings.database_url
    if database_url is None:
        running = find_running(data)
        if running is None:
            fail(NO_DATABASE)
        database_url = running.database_url
    return settings.model_copy(update={"database_url": database_url, "database_reader_url": None})


def _make(settings: Settings, event_id: UUID, audience: int | None) -> "CapacityPlan":
    from asyncpg import PostgresError  # noqa: PLC0415 # slow to import
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 # slow to import

    from tiketi.kernel.errors import NotFound, TiketiError  # noqa: PLC0415 # slow to import

    try:
        return asyncio.run(_read(settings, event_id, audience))
    except NotFound:
        fail(f"no event {event_id}")
    except (SQLAlchemyError, PostgresError, TiketiError, OSError, ValueError) as error:
        cause = error.__cause__ or getattr(error, "orig", None) or error
        reason = (str(cause).splitlines() or [type(cause).__name__])[0]
        fail(f"nothing was planned: {reason}", "`tiketi doctor` says more about the stores")


async def _read(settings: Settings, event_id: UUID, audience: int | None) -> "CapacityPlan":
    from tiketi.events.api import get_event  # noqa: PLC0415 # slow to import
    from tiketi.infra.postgres import Database  # noqa: PLC0415 # slow to import
    from tiketi.kernel.clock import SystemClock  # noqa: PLC0415 # slow to import
    from tiketi.planning.api import plan_event  # noqa: PLC0415 # slow to import

    database = Database(settings, application="tiketi-plan")
    try:
        async with database.latest() as reader:
            return await plan_event(
                reader,
                await get_event(reader, event_id),
                SERVICES,
                server=settings.server,
                now=SystemClock().now(),
                asked=audience,
            )
    finally:
        await database.close()
