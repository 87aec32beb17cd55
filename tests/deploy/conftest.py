import pytest

from deploy.emit import make_documents
from deploy.environment import ENVIRONMENTS


@pytest.fixture(scope="session")
def prod():
    return ENVIRONMENTS["prod"]


@pytest.fixture(scope="session")
def documents(prod):
    return make_documents(prod, "both")
