"""`tiketi up` through its whole life: first start, refusals, deaths, a killed supervisor, the end.

The tests share one system and run in order, since starting seven services takes seconds.
"""

import os
import shutil
import signal
import time

import psutil
import pytest

from tests.support.local_system import Up, call, free_port_block
from tiketi.cli.running import find_running
from tiketi.infra.embedded import throwaway_directory
from tiketi.infra.embedded.ports import is_free
from tiketi.infra.embedded.process import wait_until
from tiketi.services.registry import SERVICES

HEAL_SECONDS = 30


@pytest.fixture(scope="module")
def home():
    made = throwaway_directory("tiketi-up-")
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def port():
    return free_port_block()


@pytest.fixture(scope="module")
def system(home, port):
    """The system that runs now; a test that starts another one puts it in ``ups``."""
    ups = [Up(home / "state", port, "--no-seed").wait_ready()]
    yield ups
    if ups[-1].process.poll() is None:
        ups[-1].terminate()


@pytest.fixture(scope="module")
def admin(system):
    """The login that the first start made up and showed."""
    first = system[0]
    return {"email": first.fact("sign in as"), "password": first.fact("password (shown once)")}


def log_in(up, admin):
    return call(f"{up.running.edge_url}/api/v1/auth/login", admin)[0]


def everybody_is_ready(up):
    running = up.running
    urls = [running.edge_url, *running.services.values()]
    return all(call(f"{url}/health/ready")[0] == 200 for url in urls)


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_everything_is_ready_and_the_admin_can_sign_in(system, admin):
    assert everybody_is_ready(system[0])
    assert log_in(system[0], admin) == 200


def test_what_others_need_is_in_run_json_and_private(system, home):
    running = system[0].running
    assert set(running.services) == {service.name for service in SERVICES}
    assert set(running.pids) == {*running.services, "edge", "postgres", "valkey", "supervisor"}
    assert all(psutil.pid_exists(pid) for pid in running.pids.values())
    assert (home / "state" / "run.json").stat().st_mode & 0o077 == 0


def test_services_log_in_as_their_own_roles(system):
    environments = {
        name: psutil.Process(system[0].running.pids[name]).environ() for name in ("auth", "payment")
    }
    assert "//auth_user:" in environments["auth"]["TIKETI_DATABASE_URL"]
    assert "//payment_user:" in environments["payment"]["TIKETI_DATABASE_URL"]
    assert "TIKETI_SIGNING_KEY" not in environments["payment"]


def test_second_up_on_the_same_data_is_refused(system, home):
    second = Up(home / "state", free_port_block())
    assert second.process.wait(30) == 1
    assert f"in use by process {system[0].process.pid}" in second.said
    assert everybody_is_ready(system[0])


def test_taken_port_is_named_with_its_owner(system, home, port):
    other = Up(home / "other", port)
    assert other.process.wait(30) == 1
    assert f"port {port} (for edge) is taken by" in other.said
    assert f"pid {system[0].running.pids['edge']}" in other.said
    assert "--port" in other.said


def test_killed_service_and_killed_stores_come_back(system, admin):
    before = system[0].running.pids
    victims = ("queue", "edge", "valkey", "postgres")
    for name in victims:
        os.kill(before[name], signal.SIGKILL)

    def all_are_new():
        pids = system[0].running.pids
        return all(pids.get(name) not in (None, before[name]) for name in victims)

    assert wait_until(all_are_new, timeout_seconds=HEAL_SECONDS), system[0].said
    assert wait_until(lambda: everybody_is_ready(system[0]), timeout_seconds=HEAL_SECONDS)
    after = system[0].running.pids
    assert after["auth"] == before["auth"]
    assert log_in(system[0], admin) == 200
    assert f"queue ended (signal {signal.SIGKILL:d})" in system[0].said


def test_killed_supervisor_takes_its_children_along_and_the_next_start_heals(
    system, home, port, admin
):
    before = system[0].running.pids
    os.kill(before["payment"], signal.SIGSTOP)  # this one cannot obey
    system[0].kill()
    assert find_running(home / "state") is None
    system.append(Up(home / "state", port, "--no-seed").wait_ready())
    assert all(is_gone(pid) for pid in before.values())
    assert "killed predecessor" in system[1].said
    assert "shown once" not in system[1].said
    assert log_in(system[1], admin) == 200


def test_sigterm_ends_everything_in_seconds(system, home, port):
    last = system[-1]
    pids = last.running.pids
    began = time.monotonic()
    assert last.terminate() == 0
    assert time.monotonic() - began < 15
    assert all(is_gone(pid) for pid in pids.values())
    assert is_free(port)
    assert find_running(home / "state") is None
    assert not (home / "state" / "run.json").exists()


def test_a_given_admin_can_sign_in_as_soon_as_the_site_is_ready(home, port, monkeypatch):
    given = {"email": "first@tiketi.test", "password": "given-to-the-first-admin"}
    monkeypatch.setenv("TIKETI_ADMIN_EMAIL", given["email"])
    monkeypatch.setenv("TIKETI_ADMIN_PASSWORD", given["password"])
    up, url = Up(home / "given", port, "--no-seed"), f"http://127.0.0.1:{port}"
    try:
        assert wait_until(lambda: call(f"{url}/health/ready")[0] == 200, timeout_seconds=100)
        assert call(f"{url}/api/v1/auth/login", given)[0] == 200
    finally:
        up.terminate()
