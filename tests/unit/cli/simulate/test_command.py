"""The command from the outside: where it goes, what it writes, how it exits."""

import asyncio
import json
import os
import time
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from tests.unit.cli.simulate.shop import open_shop
from tiketi.cli.running import RunningSystem, process_start_time, write_running
from tiketi.cli.simulate.command import simulate
from tiketi.cli.simulate.target import DEFAULT_URL, Target, find_target

SMALL = (
    "--buyers=30", "--seats=20", "--capacity=10", "--opens-in=0", "--connections=16",
    "--sign-in=http", "--admin-password=passphrase",
)  # fmt: skip


async def run(*arguments: str) -> Result:
    """The command in a thread: it has a loop of its own."""
    app = typer.Typer()
    app.command()(simulate)
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


def write_system(data: Path, **pids: int) -> RunningSystem:
    me = os.getpid()
    system = RunningSystem(
        edge_url="http://127.0.0.1:9080",
        services={"queue": "http://127.0.0.1:9012"},
        database_url="postgresql://x",
        redis_url="redis://x",
        signing_key="k",
        admin_email="admin@example.org",
        data_dir=data,
        pids={"supervisor": me, **pids},
        started_at=process_start_time(me),
    )
    write_running(system)
    return system


async def test_a_sound_sale_exits_with_0_and_writes_its_report(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    async with open_shop() as url:
        result = await run(*SMALL, f"--url={url}", f"--json={file}")
    assert result.exit_code == 0, result.output
    report = json.loads(file.read_text())
    assert (report["ok"], report["seats_sold"], report["broken"]) == (True, 20, [])
    assert report["latencies"]["join"]["count"] >= 30
    assert {"name", "looked_at", "violations"} <= set(report["checks"][0])


async def test_a_broken_promise_exits_with_1() -> None:
    async with open_shop("same number") as url:
        result = await run(*SMALL, f"--url={url}")
    assert result.exit_code == 1
    assert "every number is given once" in result.output


async def test_nobody_there_exits_with_2_and_says_what_to_do() -> None:
    began = time.monotonic()
    result = await run(*SMALL, "--url=http://127.0.0.1:1")
    assert result.exit_code == 2
    assert "tiketi up" in result.output
    assert time.monotonic() - began < 5


async def test_without_a_password_no_admin_can_be_had_over_http() -> None:
    async with open_shop() as url:
        result = await run(f"--url={url}")
    assert result.exit_code == 2
    assert "--admin-password" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--url=ftp://x",), "not an http URL"),
        (("--url=http://127.0.0.1:1", "--sign-in=prepared"), "runs here"),
        (("--url=http://127.0.0.1:1", "--admin-password=x", "--kill=valkey"), "--kill valkey"),
    ],
)
async def test_options_that_do_not_go_together_exit_with_2(
    arguments: tuple[str, ...], said: str
) -> None:
    result = await run(*arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_the_local_system_is_found_with_its_services(tmp_path: Path) -> None:
    system = write_system(tmp_path, valkey=123)
    target = find_target(None, tmp_path)
    assert target.origins == {
        "edge": "http://127.0.0.1:9080",
        "queue": "http://127.0.0.1:9012",
    }
    assert target.system == system
    assert target.processes == ["valkey"]


def test_the_pid_to_kill_is_that_of_now(tmp_path: Path) -> None:
    write_system(tmp_path, valkey=123)
    target = find_target(None, tmp_path)
    write_system(tmp_path, valkey=456)
    assert target.pids_of("valkey") == (456,)
    assert target.pids_of("nothing") == ()


def test_an_url_of_the_local_edge_is_the_local_system(tmp_path: Path) -> None:
    system = write_system(tmp_path)
    assert find_target("http://127.0.0.1:9080/", tmp_path).system == system
    assert find_target("http://127.0.0.1:9999", tmp_path).system is None


def test_no_local_system_means_the_usual_address(tmp_path: Path) -> None:
    assert find_target(None, tmp_path) == Target({"edge": DEFAULT_URL})
