"""`tiketi plan` as it is typed: what it says, and how it leaves."""

import asyncio
import json
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from tests.support.waiting_room import open_line
from tiketi.cli.main import build
from tiketi.infra.embedded.ports import LOOPBACK, pick_free_port
from tiketi.kernel.ids import new_id
from tiketi.planning.document import plan_schema


@pytest.fixture
def command(runtime, tmp_path, monkeypatch):
    """Runs the command on the test's database, in a thread since it has a loop of its own."""

    async def run(*words, database_url=runtime.settings.database_url):
        monkeypatch.setenv("TIKETI_DATA", str(tmp_path / "nothing-runs-here"))
        monkeypatch.setenv("TIKETI_DATABASE_URL", database_url)
        if not database_url:
            monkeypatch.delenv("TIKETI_DATABASE_URL")
        arguments = ["plan", *map(str, words)]
        return await asyncio.to_thread(CliRunner().invoke, build(arguments), arguments)

    return run


async def upcoming(runtime):
    days = timedelta(days=1)
    return await open_line(runtime, opens_in=3 * days, closes_in=20 * days)


async def test_people_read_a_table(command, runtime):
    done = await command(await upcoming(runtime), "--audience", 3_000_000)
    assert done.exit_code == 0, done.output
    assert "3,000,000 (3,000,000 to 3,000,000): as asked" in done.stdout
    assert "the rush is over" in done.stdout
    assert (
        "queue would need 135 tasks, at most 100: open the room earlier or by draw" in done.stdout
    )


async def test_the_document_is_that_of_the_schema(command, runtime):
    event_id = await upcoming(runtime)
    done = await command(event_id, "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    Draft202012Validator(plan_schema()).validate(document)
    assert document["event_id"] == str(event_id)
    assert document["audience"]["reason"] == "no history: 3 people for each of 100 places"
    asked = json.loads((await command(event_id, "--json", "--audience", 1_000_000)).stdout)
    assert asked["planned_for"] == 1_000_000
    assert asked["actions"][0]["at"] < asked["sale_opens_at"]


async def test_the_schema_needs_no_database(command):
    done = await command("--schema", database_url="")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == plan_schema()


async def test_what_cannot_be_planned_is_said(command):
    unknown = await command(new_id())
    assert (unknown.exit_code, unknown.stderr[:16]) == (1, "tiketi: no event")
    away = await command(new_id(), database_url=f"postgresql://x@{LOOPBACK}:{pick_free_port()}/x")
    assert away.exit_code == 1
    assert "nothing was planned" in away.stderr
    nowhere = await command(new_id(), database_url="")
    assert nowhere.exit_code == 1
    assert "tiketi up" in nowhere.stderr
    for wrong in (("nonsense",), (), (new_id(), "--audience", 0)):
        assert (await command(*wrong)).exit_code == 2
