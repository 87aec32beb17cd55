"""pretix's processes: gunicorn and Celery's worker, stopped whenever they are not measured."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop
from psutil import Process
from redis import Redis

from bench.orders.pretix.buyers import Shop, order_for
from bench.orders.pretix.database import DATABASE, count_paid, create_database, run_in
from bench.orders.pretix.install import Installed
from bench.orders.turns import awake, resume
from bench.stage import Stage, end, serve
from tiketi.infra.embedded import pick_free_port

WEB = ("--workers", "2")
# Stopped processes miss every deadline of their arbiter's.
WEB_QUIET = ("--timeout", "0", "--no-control-socket", "--log-level", "warning")
WORKER = ("--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "error")
CACHE, BROKER, RESULTS = 1, 2, 3  # the Valkey's databases; ours is 0
SHOP_SECONDS_MAX = 60.0
# The first ends when the workers have loaded, whose caches the second fills.
WARM_UPS = ("load", "warm")
WARM_UP_SECONDS = 4.0
WARM_UP_BUYERS = 8
DRAIN_SECONDS_MAX = 180.0
DRAIN_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Pretix:
    """Running, but stopped by SIGSTOP outside its calls."""

    stage: Stage
    shop: Shop
    web: Process
    worker: Process

    def sell(self, event: str, buyers: int, seconds: float) -> tuple[list[float], float]:
        """The seconds of each order, and of all; its worker works its tasks off afterwards.

        Raises RuntimeError if the database does not hold every order, paid and with a ticket.
        """
        with awake(self.web):
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                orders, took = runner.run(order_for(self.shop, event, buyers, seconds))
            with awake(self.worker):
                self._drain()
        paid = count_paid(self.stage, event)
        if paid != len(orders):
            raise RuntimeError(f"pretix answered {len(orders)} orders, and holds {paid} as paid")
        return orders, took

    def _drain(self) -> None:
        """Until no task waits or is under way."""
        deadline = time.monotonic() + DRAIN_SECONDS_MAX
        with Redis.from_url(self.stage.valkey.url(BROKER)) as broker:
            while _count_tasks(broker):
                if time.monotonic() > deadline or not self.worker.is_running():
                    raise RuntimeError(f"pretix's worker has {_count_tasks(broker)} tasks left")
                time.sleep(DRAIN_POLL_SECONDS)


@contextmanager
def open_pretix(stage: Stage, installed: Installed, events: list[str]) -> Iterator[Pretix]:
    """With these events on sale, its caches warm, and stopped."""
    port = pick_free_port()
    environment = _environment(stage, port)
    create_database(stage, installed, environment)
    script = Path(__file__).with_name("shop.py")
    said = run_in(
        *(installed, environment, "-P", str(script), *WARM_UPS, *events), timeout=SHOP_SECONDS_MAX
    )
    shop = Shop(port=port, **json.loads(said.splitlines()[-1]))
    gunicorn = [installed.python, "-m", "gunicorn", "pretix.wsgi", "--bind", f"127.0.0.1:{port}"]
    log = stage.directory / "pretix-web.log"
    with (
        serve([*gunicorn, *WEB, *WEB_QUIET], port, environment, log) as web,
        _work(stage, installed, environment) as worker,
    ):
        pretix = Pretix(stage, shop, Process(web.pid), Process(worker.pid))
        with _ended_awake(pretix.web), _ended_awake(pretix.worker):
            for event in WARM_UPS:
                pretix.sell(event, WARM_UP_BUYERS, WARM_UP_SECONDS)
            yield pretix


def _environment(stage: Stage, port: int) -> dict[str, str]:
    """Its settings for production, and none of a `pretix.cfg` that happens to be there."""
    data = stage.directory / "pretix"
    data.mkdir()
    database = urlsplit(stage.postgres.url(database=DATABASE))
    settings: Mapping[str, Any] = {
        "PRETIX_DATADIR": data,
        "PRETIX_URL": f"http://127.0.0.1:{port}",
        "PRETIX_LOGLEVEL": "ERROR",
        "DATABASE_BACKEND": "postgresql",
        "DATABASE_NAME": DATABASE,
        "DATABASE_USER": database.username,
        "DATABASE_PASSWORD": stage.postgres.password,
        "DATABASE_HOST": database.hostname,
        "DATABASE_PORT": database.port,
        "REDIS_LOCATION": stage.valkey.url(CACHE),
        "REDIS_SESSIONS": "true",
        "CELERY_BROKER": stage.valkey.url(BROKER),
        "CELERY_BACKEND": stage.valkey.url(RESULTS),
    }
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "PRETIX_CONFIG_FILE": os.devnull,
        **{f"PRETIX_{name}": str(value) for name, value in settings.items()},
    }


@contextmanager
def _work(
    stage: Stage, installed: Installed, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Celery's worker. It listens nowhere: that it works shows by the tasks of the warming up."""
    command = [installed.python, "-m", "celery", "-A", "pretix.celery_app", "worker", *WORKER]
    with (stage.directory / "pretix-worker.log").open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=stage.directory, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        end(process)


@contextmanager
def _ended_awake(process: Process) -> Iterator[None]:
    """A stopped process would not hear that it is to end."""
    try:
        yield
    finally:
        if process.is_running():
            resume(process)


def _count_tasks(broker: "Redis[bytes]") -> int:
    """Those that wait, in a list for each queue and priority, and those that are under way."""
    lists = broker.scan_iter(_type="list")
    return sum(broker.llen(name) for name in lists) + broker.hlen("unacked")
