import shutil

import pytest

from tiketi.infra.embedded import EmbeddedPostgres, EmbeddedValkey, throwaway_directory


@pytest.fixture
def directory():
    made = throwaway_directory("tiketi-test-")
    yield made
    shutil.rmtree(made)


@pytest.fixture
def postgres(directory):
    with EmbeddedPostgres(directory / "postgres", fsync=False) as server:
        yield server


@pytest.fixture
def valkey(directory):
    with EmbeddedValkey(directory / "valkey") as server:
        yield server
