"""`tiketi migrate`: the schema, the roles, their grants."""

from tiketi.cli.environment import fail, load_settings
from tiketi.cli.running import find_running


def migrate() -> None:
    """Bring TIKETI_DATABASE_URL, else the local system that runs, to this version's schema.

    Repeating it changes nothing; two at once wait for each other.
    """
    settings = load_settings()
    running = find_running()
    url = settings.database_url or (running.database_url if running else None)
    if url is None:
        fail("set TIKETI_DATABASE_URL, or start `tiketi up`, which migrates by itself")

    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 # slow to import

    from tiketi.infra.migrations import upgrade  # noqa: PLC0415 # slow to import

    try:
        upgrade(url)
    except (SQLAlchemyError, OSError) as error:
        fail(f"the database was not migrated: {error}")
    print("the database is at this version")
