"""Services as tasks, several of each, each `tiketi serve NAME` in a process of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path

from tiketi.infra.embedded import pick_free_port
from tiketi.infra.embedded.ports import LOOPBACK
from tiketi.infra.embedded.process import wait_until
from tiketi.infra.tokens import public_jwks
from tiketi.services.registry import SERVICES, Service
from tiketi.settings import Settings

READY_SECONDS = 60
_REQUESTS = re.compile(
    r'^tiketi_http_requests_total{.*route="(?!unmatched).*} (\S+)$', re.MULTILINE
)


class FleetTask:
    """One task, at the same port whenever it is started."""

    def __init__(self, service: Service, output: Path, environment: Mapping[str, str]) -> None:
        self.service = service
        self.port = pick_free_port()
        self.output = output
        self._environment = {**environment, "TIKETI_PORT": str(self.port)}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def said(self) -> str:
        return self.output.read_text()

    def start(self) -> None:
        with self.output.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tiketi", "serve", self.service.name],
                env={**os.environ, **self._environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said
        try:
            return self._get("/health/ready")[0] == 200
        except OSError:
            return False

    def answered(self) -> int:
        """How many requests it has answered on its endpoints, probes and the like aside."""
        text = self._get("/metrics")[1]
        return int(sum(float(count) for count in _REQUESTS.findall(text)))

    def _get(self, path: str) -> tuple[int, str]:
        link = HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        finally:
            link.close()

    def terminate(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


class Fleet:
    """``tasks[name]``: the tasks of a service, ``counts`` of them or one. Limits are off."""

    def __init__(
        self, settings: Settings, folder: Path, counts: Mapping[str, int], **changes: object
    ) -> None:
        self.tasks = {
            service.name: [
                FleetTask(
                    service,
                    folder / f"{service.name}-{number}.log",
                    _environment(service, settings, changes),
                )
                for number in range(counts.get(service.name, 1))
            ]
            for service in SERVICES
        }

    @property
    def all(self) -> list[FleetTask]:
        return [task for tasks in self.tasks.values() for task in tasks]

    @property
    def addresses(self) -> dict[str, list[str]]:
        return {name: [task.address for task in tasks] for name, tasks in self.tasks.items()}

    def start(self) -> None:
        for task in self.all:
            task.start()
        for task in self.all:
            assert wait_until(task.is_ready, timeout_seconds=READY_SECONDS), task.said

    def stop(self) -> None:
        for task in self.all:
            if task.process is not None and task.process.poll() is None:
                task.kill()


def _environment(
    service: Service, settings: Settings, changes: Mapping[str, object]
) -> dict[str, str]:
    assert settings.signing_key is not None
    seeds = settings.signing_key.get_secret_value()
    key = {"signing_key": seeds} if service.signs_tokens else {"jwks": public_jwks(seeds)}
    chosen = {
        "database_url": settings.database_url,
        "database_role": service.role,
        "redis_url": settings.redis_url,
        "rate_limit_enabled": False,
        "trusted_proxies": f"{LOOPBACK}/32",
        **key,
        **changes,
    }
    return {f"TIKETI_{name.upper()}": str(value) for name, value in chosen.items()}
