"""A task of several processes on one port behaves as one, through its whole life.

The tests share one task and run in order, since starting its processes takes seconds.
"""

import os
import re
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from itertools import pairwise

import psutil
import pytest

from tiketi.infra.embedded import pick_free_port
from tiketi.infra.embedded.process import wait_until

PROCESSES = 3
READY_SECONDS = 60
HEAL_SECONDS = 30
NOTICE_SECONDS = 2.0
GRACE_SECONDS = 1.0
LIST = "/api/v1/events"


class Task:
    """``tiketi serve event --processes N``. Each call is a connection, so it meets any of them."""

    def __init__(self, settings, output, *, port=None, processes=PROCESSES, **environment):
        self.port = port or pick_free_port()
        given = {
            "TIKETI_DATABASE_URL": settings.database_url,
            "TIKETI_REDIS_URL": settings.redis_url,
            "TIKETI_SIGNING_KEY": settings.signing_key.get_secret_value(),
            "TIKETI_RATE_LIMIT_ENABLED": "false",
            "TIKETI_PORT": str(self.port),
            "TIKETI_SHUTDOWN_NOTICE_SECONDS": str(NOTICE_SECONDS),
            "TIKETI_SHUTDOWN_GRACE_SECONDS": str(GRACE_SECONDS),
        }
        self._output = output
        with output.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tiketi", "serve", "event", "--processes", str(processes)],
                stdout=said,
                stderr=subprocess.STDOUT,
                env={**os.environ, **given, **environment},
            )

    @property
    def said(self):
        return self._output.read_text()

    def get(self, path):
        """Status and text; status 0 when nobody answers."""
        link = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, HTTPException):
            return 0, ""
        finally:
            link.close()

    def status(self, path):
        return self.get(path)[0]

    def wait_ready(self):
        def is_settled():
            return self.process.poll() is not None or self.status("/health/ready") == 200

        assert wait_until(is_settled, timeout_seconds=READY_SECONDS), self.said
        assert self.process.poll() is None, self.said
        return self

    def children(self):
        return psutil.Process(self.process.pid).children()

    def answered(self):
        """How many reads of the list it says that it has answered."""
        text = self.get("/metrics")[1]
        pattern = r'^tiketi_http_requests_total{[^}]*route="/events"[^}]*} (\S+)$'
        return sum(float(count) for count in re.findall(pattern, text, re.MULTILINE))


@pytest.fixture(scope="module")
def start(base_settings, tmp_path_factory):
    started = []

    def begin(**options):
        output = tmp_path_factory.mktemp("task") / "said"
        started.append(Task(base_settings, output, **options))
        return started[-1]

    yield begin
    for task in started:
        if task.process.poll() is None:
            task.process.kill()
            task.process.wait()


@pytest.fixture(scope="module")
def task(start):
    return start().wait_ready()


def test_every_process_listens_on_the_port(task):
    for child in task.children():
        listening = [c.laddr.port for c in child.net_connections("tcp") if c.status == "LISTEN"]
        assert listening == [task.port]
    assert len(task.children()) == PROCESSES


def test_whoever_is_asked_says_what_all_of_them_counted(task):
    before = task.answered()
    assert [task.status(LIST) for _ in range(60)] == [200] * 60
    assert [task.answered() - before for _ in range(8)] == [60] * 8


def test_each_live_gauge_and_histogram_is_one_series(task):
    lines = [line for line in task.get("/metrics")[1].splitlines() if not line.startswith("#")]
    names = [line.rpartition(" ")[0] for line in lines]
    assert len(names) == len(set(names))
    assert not [name for name in names if "pid=" in name]


def test_a_killed_process_comes_back_and_no_counter_falls(task):
    before = task.children()
    victim = before[0]
    counted = [task.answered()]
    victim.kill()

    def is_whole():
        task.status(LIST)
        counted.append(task.answered() or counted[-1])
        alive = {child.pid for child in task.children() if child.status() != "zombie"}
        return victim.pid not in alive and len(alive) == PROCESSES

    assert wait_until(is_whole, timeout_seconds=HEAL_SECONDS), task.said
    assert wait_until(lambda: _listen_all(task), timeout_seconds=HEAL_SECONDS), task.said
    assert task.status("/health/ready") == 200
    counted.append(task.answered())
    assert all(earlier <= later for earlier, later in pairwise(counted))
    assert f"signal {signal.SIGKILL:d}" in task.said


def _listen_all(task):
    return all(child.net_connections("tcp") for child in task.children())


def test_sigterm_to_the_task_drains_all_of_them(task):
    children = task.children()
    began = time.monotonic()
    task.process.send_signal(signal.SIGTERM)
    # Each of them says so before the port closes: none is missed by a balancer's check.
    assert wait_until(lambda: task.status("/health/ready") == 503, timeout_seconds=NOTICE_SECONDS)
    assert {task.status("/health/ready") for _ in range(10)} == {503}
    assert task.status("/health") == 200
    assert task.process.wait(NOTICE_SECONDS + 2 * GRACE_SECONDS + 8) == 0
    assert time.monotonic() - began >= NOTICE_SECONDS
    assert not any(child.is_running() for child in children)
    assert "Traceback" not in task.said


def test_processes_do_not_outlive_a_killed_supervisor(start):
    task = start(processes=2).wait_ready()
    children = task.children()
    task.process.kill()
    task.process.wait()
    assert wait_until(lambda: not any(child.is_running() for child in children), timeout_seconds=15)


def test_a_task_that_cannot_start_says_so_and_ends(start):
    task = start(processes=2, TIKETI_SIGNING_KEY="no key")
    assert task.process.wait(READY_SECONDS) == 1
    assert "task_process_did_not_start" in task.said


def test_a_taken_port_is_refused(start, base_settings):
    taken = int(base_settings.redis_url.rpartition(":")[2].partition("/")[0])
    task = start(processes=2, port=taken)
    assert task.process.wait(READY_SECONDS) == 1
    assert f"cannot listen on 127.0.0.1:{taken}" in task.said
