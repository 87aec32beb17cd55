import shutil
import subprocess

import pytest

from tiketi.infra.embedded import EmbeddedPostgres, EmbeddedValkey, throwaway_directory


@pytest.fixture(scope="session")
def initialised():
    """A cluster made once; copying one costs a tenth of making one."""
    made = throwaway_directory("tiketi-test-")
    with EmbeddedPostgres(made / "postgres", fsync=False):
        pass
    (made / "postgres" / "port").unlink()
    yield made / "postgres"
    shutil.rmtree(made)


@pytest.fixture
def directory():
    made = throwaway_directory("tiketi-test-")
    yield made
    shutil.rmtree(made)


@pytest.fixture
def postgres_directory(directory, initialised):
    subprocess.run(["cp", "-a", initialised, directory / "postgres"], check=True)
    return directory / "postgres"


@pytest.fixture
def postgres(postgres_directory):
    with EmbeddedPostgres(postgres_directory, fsync=False) as server:
        yield server


@pytest.fixture
def valkey(directory):
    with EmbeddedValkey(directory / "valkey") as server:
        yield server
