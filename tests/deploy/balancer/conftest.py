"""All six services behind haproxy: two tasks of those that meet the crowd, one of the others."""

import asyncio
import shutil
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest

from deploy.haproxy import Site, render
from deploy.routing import HEALTHY_THRESHOLD, UNHEALTHY_THRESHOLD
from tests.support.fleet import Fleet
from tests.support.haproxy import Haproxy
from tests.support.on_sale import Section, open_sale
from tests.support.waiting_room import open_line
from tiketi.events.api import Event
from tiketi.infra.embedded import pick_free_port, throwaway_directory
from tiketi.infra.embedded.ports import LOOPBACK
from tiketi.infra.embedded.process import wait_until
from tiketi.infra.runtime import open_runtime

API_HOST = "api.tiketi.test"
ADMIN_HOST = "admin.tiketi.test"
SITE_HOST = "tiketi.test"
CHECK_INTERVAL_SECONDS = 0.25
# In the proportion of production: one check more than haproxy needs (deploy/haproxy/config.py).
NOTICE_SECONDS = CHECK_INTERVAL_SECONDS * (UNHEALTHY_THRESHOLD + 1)
GRACE_SECONDS = 3.0
DOWN_SECONDS_MAX = CHECK_INTERVAL_SECONDS * UNHEALTHY_THRESHOLD
UP_SECONDS_MAX = CHECK_INTERVAL_SECONDS * HEALTHY_THRESHOLD
TWO_TASKS = ("event", "queue", "reservation")
HOSTS = {"api": API_HOST, "admin": ADMIN_HOST}


@dataclass
class Front:
    fleet: Fleet
    haproxy: Haproxy
    site: Site
    event: Event  # whose seats are sold to whoever comes
    line_id: UUID  # whose waiting room admits nobody

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.site.port}"

    def client(self, host=API_HOST, **options) -> httpx.Client:
        """A client of one connection; ``httpx.Client`` keeps it, and its cookies."""
        return httpx.Client(
            base_url=f"http://{self.address}", headers={"Host": host}, timeout=10, **options
        )

    def wait_up(self, *names: str) -> None:
        def all_up():
            return all(set(self.haproxy.servers(name).values()) == {"UP"} for name in names)

        assert wait_until(all_up, timeout_seconds=30), self.haproxy.said


@pytest.fixture(scope="package")
def front(base_settings):
    folder = throwaway_directory("tiketi-front-")
    fleet = Fleet(
        base_settings,
        folder,
        dict.fromkeys(TWO_TASKS, 2),
        shutdown_notice_seconds=NOTICE_SECONDS,
        shutdown_grace_seconds=GRACE_SECONDS,
        live_tick_seconds=0.2,
    )
    haproxy, port = Haproxy(folder), pick_free_port()
    try:
        fleet.start()
        site = Site(
            API_HOST,
            ADMIN_HOST,
            site_hosts=(SITE_HOST,),
            servers=fleet.addresses,
            address=LOOPBACK,
            port=port,
            certificate=None,
            admin_socket=str(haproxy.socket),
            check_interval_ms=int(CHECK_INTERVAL_SECONDS * 1000),
        )
        haproxy.start(render(site))
        yield Front(fleet, haproxy, site, *asyncio.run(_open(base_settings)))
        for task in fleet.all:
            assert "Traceback" not in task.said, task.said
    finally:
        haproxy.stop()
        fleet.stop()
        shutil.rmtree(folder)


async def _open(settings) -> tuple[Event, UUID]:
    runtime = open_runtime(settings, service="beside")
    try:
        sections = [Section(f"S{number}", 10, 50) for number in range(4)]
        event = await open_sale(runtime, sections=sections)
        return event, await open_line(runtime, rate_per_minute=0)
    finally:
        await runtime.close()
