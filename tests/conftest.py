"""Real stores for every test: one PostgreSQL and one Valkey a session, empty for each test."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from tests.support.client import Client, open_client
from tests.support.cluster import THROWAWAY
from tiketi.infra.embedded import EmbeddedPostgres, EmbeddedValkey, throwaway_directory
from tiketi.infra.embedded.cluster import EmbeddedCluster
from tiketi.infra.migrations import upgrade_async
from tiketi.infra.runtime import Runtime, open_runtime
from tiketi.services.registry import EDGE
from tiketi.settings import Settings

SIGNING_KEY = "dGVzdC1vbmx5LXNpZ25pbmcta2V5LW9mLTMyLWJ5dGU"


@dataclass(frozen=True)
class Stores:
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey


@pytest.fixture(scope="session")
def stores() -> Iterator[Stores]:
    directory = throwaway_directory("tiketi-tests-")
    with (
        EmbeddedPostgres(directory / "postgres", fsync=False) as postgres,
        EmbeddedValkey(directory / "valkey") as valkey,
    ):
        asyncio.run(upgrade_async(postgres.url()))
        yield Stores(postgres, valkey)
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def cluster() -> Iterator[EmbeddedCluster]:
    """Six masters with a replica each, started for the first test that asks for it."""
    directory = throwaway_directory("tiketi-cluster-")
    with EmbeddedCluster(directory / "cluster", settings=THROWAWAY) as cluster:
        yield cluster
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def base_settings(stores: Stores) -> Settings:
    """Limits off: the tests that are about limits turn them on."""
    return Settings(
        _env_file=None,
        database_url=stores.postgres.url(),
        redis_url=stores.valkey.url(),
        signing_key=SIGNING_KEY,
        rate_limit_enabled=False,
        sweep_interval_seconds=0.1,
    )


@pytest.fixture
def store_kind(request: pytest.FixtureRequest) -> str:
    """``standalone``, unless a test is marked as one of tests/support/stores.py."""
    return getattr(request, "param", "standalone")


@pytest.fixture
def settings(base_settings: Settings, store_kind: str, request: pytest.FixtureRequest) -> Settings:
    """Override in a module or class to change what its tests run under."""
    if store_kind == "standalone":
        return base_settings
    url = request.getfixturevalue("cluster").url()
    return base_settings.model_copy(update={"redis_url": url})


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    runtime = open_runtime(settings, service="test")
    await _empty(runtime)
    yield runtime
    await runtime.close()


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[Client]:
    """Every service behind one application, without its loops."""
    async with open_client(runtime, EDGE) as client:
        yield client


async def _empty(runtime: Runtime) -> None:
    async with runtime.database.transaction() as tx:
        await tx.execute(_TRUNCATE_FILLED)
    await runtime.redis.command("FLUSHALL")


# Truncating an empty table costs as much as a full one, so only the filled ones are.
_TRUNCATE_FILLED = text("""
    DO $$
    DECLARE
        name text;
        filled boolean;
    BEGIN
        FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
            WHERE schemaname NOT IN ('public', 'pg_catalog', 'information_schema')
        LOOP
            EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO filled;
            IF filled THEN EXECUTE 'TRUNCATE ' || name || ' CASCADE'; END IF;
        END LOOP;
    END $$""")
