"""A PostgreSQL of these tests' own: it writes down every statement, and may be killed."""

import asyncio
import re
import shutil
from collections import Counter

import pytest

from tests.support.on_sale import General, Section, open_sale
from tests.support.readers import paths_of
from tiketi.infra.embedded import EmbeddedPostgres, throwaway_directory
from tiketi.infra.migrations import upgrade_async
from tiketi.infra.runtime import open_runtime
from tiketi.services.app import build_app
from tiketi.services.registry import EDGE

_EXECUTED = re.compile(r"LOG:  (?:execute [^:]+|statement): ")
_IN_BETWEEN = ("BEGIN", "COMMIT", "ROLLBACK", "SET ", "SHOW", "SELECT set_config")


class Server:
    """The server and what was executed on it."""

    def __init__(self, postgres):
        self.postgres = postgres
        self._mark = 0

    def mark(self):
        self._mark = self.postgres.log_path.stat().st_size

    def executed(self):
        """How often each statement was executed since the mark, white space aside."""
        with self.postgres.log_path.open("rb") as log:
            log.seek(self._mark)
            entries = _EXECUTED.split(log.read().decode())[1:]
        found = Counter(" ".join(re.split(r"\n\d{4}-\d\d-", entry)[0].split()) for entry in entries)
        return {
            statement: count
            for statement, count in found.items()
            if re.search(r"\b(events|seats)\.", statement)
        }


@pytest.fixture(scope="session")
def server():
    directory = throwaway_directory("tiketi-reads-")
    settings = {"log_statement": "all", "max_connections": "60"}
    with EmbeddedPostgres(directory / "postgres", fsync=False, settings=settings) as postgres:
        asyncio.run(upgrade_async(postgres.url()))
        yield Server(postgres)
    shutil.rmtree(directory)


@pytest.fixture
def settings(base_settings, server):
    return base_settings.model_copy(
        update={"database_url": server.postgres.url(), "database_timeout_seconds": 2.0}
    )


@pytest.fixture
async def event(runtime):
    return await open_sale(
        runtime, sections=[Section(f"S{n}", 10, 50) for n in range(4)], general=(General(),)
    )


@pytest.fixture
def paths(event):
    return paths_of(event)


@pytest.fixture
async def open_processes(settings):
    """Applications that know nothing yet, each with stores' connections of its own."""
    opened = []

    def make(count, service=EDGE, **changed):
        apps = [build_app(service, settings.model_copy(update=changed)) for _ in range(count)]
        opened.extend(apps)
        return apps

    yield make
    for app in opened:
        await app.runtime.close()


@pytest.fixture
async def library(settings):
    """A runtime beside the tested processes."""
    runtime = open_runtime(settings, service="beside")
    yield runtime
    await runtime.close()
