"""`tiketi seed` as it is typed: what it says, how it leaves, what it leaves behind."""

import asyncio

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from tests.support.catalogues import GOOD
from tiketi.cli.main import build


@pytest.fixture
def command(runtime, tmp_path, monkeypatch):
    """Runs the command on the test's stores, in a thread since it has a loop of its own."""
    for name, value in (
        ("TIKETI_DATABASE_URL", runtime.settings.database_url),
        ("TIKETI_REDIS_URL", runtime.settings.redis_url),
        ("TIKETI_DATA", str(tmp_path / "nothing-runs-here")),
    ):
        monkeypatch.setenv(name, value)

    async def run(*words):
        arguments = ["seed", *map(str, words)]
        return await asyncio.to_thread(CliRunner().invoke, build(arguments), arguments)

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "season.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


async def count_events(runtime):
    async with runtime.database.latest() as reader:
        return (await reader.execute(text("SELECT count(*) FROM events.event"))).scalar()


async def test_file_is_seeded_and_again_is_harmless(runtime, command, file):
    first = await command(file)
    assert first.exit_code == 0, first.output
    assert first.stdout.splitlines() == ["created layout small", "created event first-night"]
    second = await command(file)
    assert second.exit_code == 0
    assert second.stdout.splitlines() == ["unchanged event first-night, it is there already"]
    assert await count_events(runtime) == 1


async def test_demo_is_the_default(runtime, command):
    result = await command()
    assert result.exit_code == 0, result.output
    assert await count_events(runtime) == 8


async def test_bad_file_names_the_line_and_changes_nothing(runtime, command, file):
    file.write_text(GOOD.replace("price: 150000", "price: 10.50"), encoding="utf-8")
    result = await command(file)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{file}:13:16: layouts[0].sections[0].price: expected a whole number")
    assert await count_events(runtime) == 0


async def test_check_reads_and_changes_nothing(runtime, command, file):
    right = await command("--check", file)
    assert right.exit_code == 0
    assert right.stdout == f"{file} is right (venues: 1, layouts: 1, events: 1)\n"
    file.write_text("venues: 3", encoding="utf-8")
    assert (await command("--check", file)).exit_code == 2
    assert await count_events(runtime) == 0


async def test_file_that_is_not_there_is_said(command, tmp_path):
    result = await command(tmp_path / "none.yaml")
    assert result.exit_code == 2
    assert "No such file" in result.stderr


async def test_directory_is_said(command, tmp_path):
    result = await command(tmp_path)
    assert result.exit_code == 2
    assert "directory" in result.stderr


async def test_stores_out_of_reach_are_said(command, file):
    result = await command(file, "--database-url", "postgresql://nobody@127.0.0.1:1/none")
    assert result.exit_code == 1
    assert "nothing was seeded" in result.stderr


async def test_wrong_log_in_is_said(runtime, command, file):
    host = runtime.settings.database_url.rsplit("@", 1)[1]
    result = await command(file, "--database-url", f"postgresql://nobody:wrong@{host}")
    assert result.exit_code == 1
    assert "nothing was seeded" in result.stderr


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "postgresql://h:port/x"])
async def test_url_that_is_none_is_said(command, file, url):
    result = await command(file, "--database-url", url)
    assert result.exit_code == 1
    assert "nothing was seeded" in result.stderr


async def test_redis_out_of_reach_is_said_before_anything_is_written(runtime, command, file):
    result = await command(file, "--redis-url", "redis://127.0.0.1:1/0")
    assert result.exit_code == 1
    assert "nothing was seeded" in result.stderr
    assert await count_events(runtime) == 0


async def test_database_without_its_schema_is_said(runtime, command, file):
    async with runtime.database.latest() as reader:
        await reader.execute(text("CREATE DATABASE seed_bare"))
    try:
        url = runtime.settings.database_url.rsplit("/", 1)[0] + "/seed_bare"
        result = await command(file, "--database-url", url)
    finally:
        async with runtime.database.latest() as reader:
            await reader.execute(text("DROP DATABASE seed_bare WITH (FORCE)"))
    assert result.exit_code == 1
    assert "tiketi migrate" in result.stderr


async def test_nothing_to_seed_into_is_said(command, file, monkeypatch):
    monkeypatch.delenv("TIKETI_DATABASE_URL")
    result = await command(file)
    assert result.exit_code == 1
    assert "tiketi up" in result.stderr


async def test_schema_needs_no_stores(command, monkeypatch):
    monkeypatch.delenv("TIKETI_DATABASE_URL")
    result = await command("--schema")
    assert result.exit_code == 0
    assert '"title": "Tiketi catalogue"' in result.stdout
