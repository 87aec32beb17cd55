"""A writer and a streaming reader, each behind an endpoint whose address stays."""

import asyncio
import shutil
import subprocess
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from tests.support.endpoint import Endpoint
from tests.support.on_sale import General, Section, open_sale
from tests.support.readers import paths_of
from tiketi.infra.embedded import EmbeddedPostgres, replicate, throwaway_directory
from tiketi.infra.migrations import upgrade_async
from tiketi.services.app import build_app

SETTINGS = {"max_connections": "60"}
# A commit is answered once the reader has it, as on storage that both share: what was promised
# outlives the writer.
SYNCHRONOUS = "ALTER SYSTEM SET synchronous_standby_names = '*'"


@dataclass
class Pair:
    writer: EmbeddedPostgres
    reader: EmbeddedPostgres
    to_writer: Endpoint
    to_reader: Endpoint

    def execute(self, server, statement):
        """As the owner, outside of every pool."""
        return server.run_tool("psql", server.url(), "-XAtc", statement).strip()

    def pause_replay(self):
        """From here on the reader lags until it is told to go on."""
        self.execute(self.reader, "SELECT pg_wal_replay_pause()")

    def resume_replay(self):
        self.execute(self.reader, "SELECT pg_wal_replay_resume()")


@pytest.fixture(scope="session")
def migrated():
    """A cluster with the schema, to be copied."""
    made = throwaway_directory("tiketi-migrated-")
    with EmbeddedPostgres(made / "postgres", fsync=False) as postgres:
        asyncio.run(upgrade_async(postgres.url()))
    (made / "postgres" / "port").unlink()
    yield made / "postgres"
    shutil.rmtree(made)


@pytest.fixture
async def pair(migrated):
    home = throwaway_directory("tiketi-pair-")
    copy = ["cp", "-a", migrated, home / "writer"]
    await asyncio.to_thread(subprocess.run, copy, check=True)
    writer = EmbeddedPostgres(home / "writer", fsync=False, settings=SETTINGS)
    await asyncio.to_thread(writer.start)
    reader = await asyncio.to_thread(replicate, writer, home / "reader", fsync=False)
    await asyncio.to_thread(reader.start)
    ends = Endpoint(writer.url()), Endpoint(reader.url())
    async with AsyncExitStack() as stack:
        for end in ends:
            await stack.enter_async_context(end.serve())
        made = Pair(writer, reader, *ends)
        made.execute(writer, SYNCHRONOUS)
        made.execute(writer, "SELECT pg_reload_conf()")
        yield made
    await asyncio.to_thread(writer.kill)
    await asyncio.to_thread(reader.kill)
    shutil.rmtree(home)


@pytest.fixture
def settings(base_settings, pair):
    return base_settings.model_copy(
        update={
            "database_url": pair.to_writer.url,
            "database_reader_url": pair.to_reader.url,
            "database_timeout_seconds": 2.0,
        }
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
async def open_process(settings):
    """An application of its own, as a process of the service is, with that service's pools."""
    opened = []

    def make(service, **changed):
        opened.append(build_app(service, settings.model_copy(update=changed)))
        return opened[-1]

    yield make
    for app in opened:
        await app.runtime.close()
