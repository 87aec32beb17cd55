"""A whole local system, started as a person would: `tiketi up` in a process of its own."""

import os
import signal
import subprocess
import sys

import httpx

from tiketi.cli.running import find_running
from tiketi.infra.embedded.ports import PORT_MAX, PORT_MIN, is_free
from tiketi.infra.embedded.process import wait_until

READY_SECONDS = 100  # below the time limit of a test
SERVICES = 6


def free_port_block():
    """A port with six free ones above it: the site's, then the services'."""
    return next(
        port
        for port in range(PORT_MIN + 7, PORT_MAX, 97)
        if all(is_free(port + offset) for offset in range(SERVICES + 1))
    )


class Up:
    """``output`` is a file, so that a process that is never read cannot block."""

    def __init__(self, data, port, *options, **environment):
        self.data, self.port = data, port
        self.output = data.with_name(f"{data.name}-{port}.out")
        ports = ["--port", str(port), "--service-port-base", str(port + 1)]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tiketi", "up", "--data", data, *ports, *options],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
            )

    @property
    def said(self):
        return self.output.read_text()

    @property
    def running(self):
        found = find_running(self.data)
        assert found is not None, self.said
        return found

    def wait_ready(self):
        def is_settled():
            return self.process.poll() is not None or self.said.endswith("ready\n")

        assert wait_until(is_settled, timeout_seconds=READY_SECONDS), self.said
        assert self.process.poll() is None, self.said
        return self

    def fact(self, name):
        return next(
            line.removeprefix(f"{name}: ")
            for line in self.said.splitlines()
            if line.startswith(f"{name}: ")
        )

    def terminate(self):
        """Its exit status; fails the test if it takes long."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(25)

    def kill(self):
        self.process.kill()
        self.process.wait()


def call(url, body=None, timeout_seconds=5):
    """Status and JSON of a call; status 0 when nobody answers."""
    try:
        answer = httpx.request(
            "GET" if body is None else "POST", url, json=body, timeout=timeout_seconds
        )
    except httpx.TransportError:
        return 0, None
    return answer.status_code, answer.json()
