"""`tiketi seed`: a catalogue file into the database, or the demo."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiketi.cli.environment import USAGE_ERROR, fail, load_settings
from tiketi.cli.running import find_running
from tiketi.settings import Settings

if TYPE_CHECKING:
    from tiketi.admin.catalogue.importing import ImportReport
    from tiketi.admin.catalogue.models import Catalogue
    from tiketi.infra.runtime import Runtime

DATABASE_TIMEOUT_SECONDS = 60.0  # one statement makes all seats of an event
TABLE_MISSING_STATES = ("42P01", "3F000", "42703")
NO_STORES = (
    "there is no system to seed: start `tiketi up`, or set TIKETI_DATABASE_URL and TIKETI_REDIS_URL"
)


def seed(
    file: Annotated[
        Path | None, typer.Argument(help="A catalogue, YAML or JSON. Without one: the demo.")
    ] = None,
    *,
    stadium: Annotated[
        bool, typer.Option("--stadium", help="The stadium of 50,000 seats instead of the demo.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Say what is wrong with the file and change nothing.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of catalogues and leave.")
    ] = False,
    database_url: Annotated[
        str | None, typer.Option(help="Instead of TIKETI_DATABASE_URL or the system that runs.")
    ] = None,
    redis_url: Annotated[
        str | None, typer.Option(help="Instead of TIKETI_REDIS_URL or the system that runs.")
    ] = None,
) -> None:
    """Load venues, halls and events from one file, all of it or nothing.

    Events that are already there stay as they are. Leaves with 2 for a file with mistakes, each
    named by its line, and with 1 if the stores cannot be reached.
    """
    if schema:
        from tiketi.admin.catalogue.schema import schema_text  # noqa: PLC0415 # slow to import

        typer.echo(schema_text(), nl=False)
        return
    if file is not None and stadium:
        fail("FILE and --stadium exclude each other", code=USAGE_ERROR)
    data, name = read_source(file, demo="stadium" if stadium else "demo")
    catalogue = parse_source(data, name)
    if check:
        typer.echo(
            f"{name} is right (venues: {len(catalogue.venues)}, layouts: {len(catalogue.layouts)},"
            f" events: {len(catalogue.events)})"
        )
        return
    settings = _settings(database_url, redis_url)
    for line in describe(load_catalogue(catalogue, settings)):
        typer.echo(line)


def read_source(file: Path | None, *, demo: str = "demo") -> tuple[bytes, str]:
    """The bytes and the name to report them by; exits when the file cannot be read."""
    from tiketi.admin.catalogue.demo import demo_data  # noqa: PLC0415 # slow to import
    from tiketi.admin.catalogue.document import FILE_BYTES_MAX  # noqa: PLC0415 # slow to import

    if file is None:
        return demo_data(demo), f"{demo}.yaml"
    try:
        with file.open("rb") as source:
            return source.read(FILE_BYTES_MAX + 1), str(file)
    except OSError as error:
        fail(f"{file}: {error.strerror}", code=USAGE_ERROR)


def load_catalogue(catalogue: "Catalogue", settings: Settings) -> "ImportReport":
    """Import into the stores that the settings name; exits when they cannot be reached."""
    from asyncpg import PostgresError  # noqa: PLC0415 # slow to import
    from redis import RedisError  # noqa: PLC0415 # slow to import
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 # slow to import

    from tiketi.kernel.errors import TiketiError  # noqa: PLC0415 # slow to import

    try:
        return asyncio.run(_import(catalogue, settings))
    except (SQLAlchemyError, PostgresError, RedisError, TiketiError, OSError, ValueError) as error:
        driver_error = getattr(error, "orig", None) or error
        if getattr(driver_error, "sqlstate", None) in TABLE_MISSING_STATES:
            fail("nothing was seeded: the database has not this version's schema: `tiketi migrate`")
        reason = str(driver_error).splitlines()[0]
        fail(f"nothing was seeded: {reason}", "`tiketi doctor` says more about the stores")


def describe(report: "ImportReport") -> list[str]:
    """What was done, a line each."""
    lines = [f"created layout {name}" for name in report.layouts_created]
    lines += [f"created event {slug}" for slug in report.events_created]
    lines += [f"unchanged event {slug}, it is there already" for slug in report.events_kept]
    return lines or ["nothing to do"]


def parse_source(data: bytes, name: str) -> "Catalogue":
    """Exits with a line for each mistake in the file."""
    from tiketi.admin.catalogue.errors import CatalogueInvalid  # noqa: PLC0415 # slow to import
    from tiketi.admin.catalogue.parse import parse_catalogue  # noqa: PLC0415 # slow to import
    from tiketi.kernel.clock import SystemClock  # noqa: PLC0415 # slow to import

    try:
        return parse_catalogue(data, filename=name, now=SystemClock().now())
    except CatalogueInvalid as error:
        # Bare lines, which editors and terminals follow to the place.
        for line in error.lines():
            typer.echo(line, err=True)
        raise typer.Exit(USAGE_ERROR) from None


def _settings(database_url: str | None, redis_url: str | None) -> Settings:
    settings = load_settings()
    database_url = database_url or settings.database_url
    redis_url = redis_url or settings.redis_url
    if database_url is None or redis_url is None:
        running = find_running()
        if running is None:
            fail(NO_STORES)
        database_url, redis_url = (
            database_url or running.database_url,
            redis_url or running.redis_url,
        )
    return settings.model_copy(
        update={
            "database_url": database_url,
            "database_reader_url": None,
            "redis_url": redis_url,
        }
    )


async def _import(catalogue: "Catalogue", settings: Settings) -> "ImportReport":
    from tiketi.admin.catalogue.importing import import_catalogue  # noqa: PLC0415 # slow to import
    from tiketi.admin.catalogue.plan import plan_catalogue  # noqa: PLC0415 # slow to import
    from tiketi.infra.runtime import open_runtime  # noqa: PLC0415 # slow to import

    timeout_seconds = max(settings.database_timeout_seconds, DATABASE_TIMEOUT_SECONDS)
    patient = settings.model_copy(update={"database_timeout_seconds": timeout_seconds})
    runtime = open_runtime(patient, service="seed")
    try:
        await _reach_redis(runtime)
        now = runtime.clock.now()
        plan = plan_catalogue(catalogue, now=now)
        async with runtime.database.transaction() as tx:
            return await import_catalogue(tx, runtime, plan, now=now)
    finally:
        await runtime.close()


async def _reach_redis(runtime: "Runtime") -> None:
    """Asked first: waiting rooms reach Redis only once PostgreSQL has committed."""
    from tiketi.kernel.errors import Unavailable  # noqa: PLC0415 # slow to import

    try:
        await runtime.redis.command("PING")
    except Unavailable as error:
        raise Unavailable("Redis does not answer") from error
