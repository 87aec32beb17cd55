"""pretix's database: beside ours on the stage's PostgreSQL, with the same durability."""

import asyncio
import subprocess
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from bench.orders.pretix.install import Installed
from bench.stage import Stage

DATABASE = "pretix"
MIGRATE_SECONDS_MAX = 900.0

# An order as we count ours: paid, and with a ticket that opens a door.
_COUNT_PAID = """
SELECT count(*) FROM pretixbase_order o JOIN pretixbase_event e ON e.id = o.event_id
WHERE e.slug = $1 AND o.status = 'p'
  AND EXISTS (SELECT FROM pretixbase_orderpayment p
              WHERE p.order_id = o.id AND p.state = 'confirmed' AND p.amount = o.total)
  AND EXISTS (SELECT FROM pretixbase_orderposition p
              WHERE p.order_id = o.id AND NOT p.canceled AND p.secret <> '')
"""


def create_database(stage: Stage, installed: Installed, environment: Mapping[str, str]) -> None:
    """Empty and migrated: a hundred seconds of its own migrations the first time, then a copy."""
    postgres = stage.postgres
    url = postgres.url(database=DATABASE)
    postgres.run_tool("createdb", f"--maintenance-db={postgres.url()}", DATABASE)
    # A dump is read by the PostgreSQL that wrote it.
    major = (postgres.cluster / "PG_VERSION").read_text().strip()
    migrated = installed.directory / f"migrated-{major}.sql"
    if migrated.exists():
        quiet = ("--quiet", "--no-psqlrc", "--output=/dev/null", "--set=ON_ERROR_STOP=1")
        postgres.run_tool("psql", *quiet, f"--dbname={url}", stdin=migrated.read_text())
    else:
        print("migrating pretix's database: two minutes, once", flush=True)
        run_in(installed, environment, "-m", "pretix", "migrate", timeout=MIGRATE_SECONDS_MAX)
        dump = postgres.run_tool("pg_dump", "--no-owner", f"--dbname={url}")
        _replace(migrated, dump)
    postgres.run_tool("vacuumdb", "--quiet", "--analyze", f"--dbname={url}")


def run_in(
    installed: Installed, environment: Mapping[str, str], *arguments: str, timeout: float
) -> str:
    """What a program of pretix's own Python printed. Raises RuntimeError with what it said."""
    command = [installed.python, *arguments]
    try:
        answer = subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True, timeout=timeout
        )
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{command} failed:\n{error.stderr[-2000:]}") from error
    return answer.stdout


def count_paid(stage: Stage, event: str) -> int:
    """The orders of the event that are paid and have a ticket."""

    async def count() -> int:
        connection = await asyncpg.connect(stage.postgres.url(database=DATABASE))
        try:
            return int(await connection.fetchval(_COUNT_PAID, event))
        finally:
            await connection.close()

    return asyncio.run(count())


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    partial.replace(path)
