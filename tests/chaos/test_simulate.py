"""`tiketi simulate` on a whole local system, undisturbed and with its processes killed."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.support.local_system import Up, free_port_block
from tiketi.infra.embedded import throwaway_directory
from tiketi.infra.embedded.process import wait_until

SECONDS_MAX = 110
HEAL_SECONDS = 30


@pytest.fixture(scope="module")
def up():
    """One system for all: what one on-sale leaves behind must not trouble the next."""
    home = throwaway_directory("tiketi-simulate-")
    system = Up(home / "state", free_port_block(), "--no-seed").wait_ready()
    yield system
    system.terminate()
    shutil.rmtree(home)


def simulate(up, *options):
    """The exit status, the report, and what was shown."""
    file = up.data.with_name("report.json")
    file.unlink(missing_ok=True)
    finished = subprocess.run(
        [sys.executable, "-m", "tiketi", "simulate", "--data", up.data, "--json", file, *options],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX + 200,
        check=False,
    )
    shown = finished.stdout + finished.stderr
    assert file.exists(), shown
    return finished.returncode, json.loads(file.read_text()), shown


def small(up, *options):
    size = ("--buyers=150", "--seats=60", "--capacity=40", f"--timeout={SECONDS_MAX}")
    return simulate(up, *size, *options)


def all_came_back(up, report):
    """Whether each process that was killed runs again, under another pid."""
    assert all(kill["pids"] for kill in report["kills"])

    def are_new():
        now = up.running.pids
        return all(
            now.get(kill["process"]) not in (None, *kill["pids"]) for kill in report["kills"]
        )

    return wait_until(are_new, timeout_seconds=HEAL_SECONDS)


@pytest.mark.timeout(600)
def test_two_thousand_buyers_get_five_hundred_seats(up):
    status, report, shown = simulate(up, "--buyers=2000", "--seats=500")
    assert status == 0, shown
    assert report["seats_sold"] == 500
    assert report["outcomes"].get("still there at the time limit", 0) == 0
    assert sum(report["outcomes"].values()) == 2000
    assert "Every promise was kept" in shown


@pytest.mark.timeout(300)
def test_honest_buyers_meet_typed_conflicts_and_nothing_else(up):
    # Few connections: what is looked at is contention for seats, not an overloaded machine.
    status, report, shown = small(up, "--honest", "--connections=16")
    assert status == 0, shown
    assert report["seats_sold"] == 60
    refusals = {name.split()[0] for name in report["refusals"]}
    assert refusals <= {"409", "429"}
    # Only those who register are anonymous, and only they have so small a budget.
    throttled = {step for step in report["refusals_by_step"] if " 429 " in step}
    assert all(step.startswith(("register", "log in", "refresh")) for step in throttled)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "process",
    [
        "valkey",
        pytest.param("postgres", marks=pytest.mark.long),
        pytest.param("reservation", marks=pytest.mark.long),
        pytest.param("queue", marks=pytest.mark.long),
        pytest.param("payment", marks=pytest.mark.long),
        pytest.param("event", marks=pytest.mark.long),
    ],
)
def test_a_process_killed_in_the_middle_comes_back_and_every_promise_holds(up, process):
    status, report, shown = small(up, f"--kill={process}")
    assert status == 0, shown
    assert [kill["process"] for kill in report["kills"]] == [process]
    assert report["seats_sold"] == 60
    assert all_came_back(up, report)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "processes",
    [
        ("valkey", "postgres", "reservation"),
        ("auth", "admin", "edge"),
    ],
    ids="-".join,
)
def test_processes_killed_one_after_another_all_come_back(up, processes):
    status, report, shown = small(up, *(f"--kill={process}" for process in processes))
    assert status == 0, shown
    assert [kill["process"] for kill in report["kills"]] == list(processes)
    assert report["seats_sold"] == 60
    assert all_came_back(up, report)
