"""`tiketi invariants` as it is typed: what it says, and how it leaves."""

import asyncio

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from tests.support.on_sale import open_sale
from tiketi.admin.invariants import INVARIANTS
from tiketi.cli.main import build
from tiketi.infra.embedded.ports import LOOPBACK, pick_free_port


@pytest.fixture
def command(runtime, tmp_path, monkeypatch):
    """Runs the command on the test's stores, in a thread since it has a loop of its own."""

    async def run(*words, **settings):
        given = {
            "TIKETI_DATABASE_URL": runtime.settings.database_url,
            "TIKETI_REDIS_URL": runtime.settings.redis_url,
            "TIKETI_DATA": str(tmp_path / "nothing-runs-here"),
            **settings,
        }
        for name, value in given.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        arguments = ["invariants", *map(str, words)]
        return await asyncio.to_thread(CliRunner().invoke, build(arguments), arguments)

    return run


async def test_kept_promises_are_listed_and_it_leaves_with_0(command, runtime):
    await open_sale(runtime)
    done = await command()
    assert done.exit_code == 0, done.output
    for invariant in INVARIANTS:
        assert invariant.name in done.stdout
    assert "admitted_never_over_capacity" in done.stdout


async def test_a_broken_promise_leaves_with_1(command, runtime):
    await open_sale(runtime)
    async with runtime.database.transaction() as tx:
        await tx.execute(text("UPDATE events.tier SET capacity = capacity + 1"))
    done = await command()
    assert done.exit_code == 1, done.output
    assert "promises are broken" in done.stderr


async def test_stores_that_are_away_leave_with_2(command):
    nobody = f"{LOOPBACK}:{pick_free_port()}"
    for settings in (
        {"TIKETI_DATABASE_URL": f"postgresql://x@{nobody}/x"},
        {"TIKETI_DATABASE_URL": "postgresql://"},
        {"TIKETI_DATABASE_URL": None, "TIKETI_REDIS_URL": None},
    ):
        done = await command(**settings)
        assert done.exit_code == 2, (settings, done.output)
        assert done.stderr.startswith("tiketi: ")
        assert "Traceback" not in done.output


async def test_without_the_schema_it_leaves_with_2(command, stores):
    database = stores.postgres.url().rpartition("/")[0] + "/postgres"
    done = await command(TIKETI_DATABASE_URL=database)
    assert done.exit_code == 2, done.output


async def test_a_directory_where_nothing_runs_leaves_with_2(command, tmp_path):
    done = await command("--data", tmp_path)
    assert done.exit_code == 2, done.output
    assert "tiketi up" in done.stderr
