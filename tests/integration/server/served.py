"""The sample application in a process of its own, and what comes back from it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tiketi.infra.embedded import pick_free_port
from tiketi.infra.embedded.process import wait_until

APP = Path(__file__).with_name("sample_app.py")


class Served:
    """The sample application in a process of its own."""

    def __init__(self, *arguments, **settings):
        self.port = pick_free_port()
        environment = {f"TIKETI_{name.upper()}": str(value) for name, value in settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", APP, str(self.port), *arguments],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert wait_until(self._is_up_or_gone, timeout_seconds=10)

    def _is_up_or_gone(self):
        if self.process.poll() is not None:
            return True
        return self.is_listening()

    def is_listening(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), 5)

    def exchange(self, data):
        """All that the server answers to ``data`` until it closes."""
        with self.connect() as link:
            link.sendall(data)
            return receive_all(link)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def close(self):
        self.process.kill()
        return self.process.communicate()


def receive_all(link):
    received = b""
    while part := link.recv(65536):
        received += part
    return received
