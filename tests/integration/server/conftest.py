import pytest

from tests.integration.server.served import Served


@pytest.fixture(scope="module", params=["hypercorn", "uvicorn"])
def server(request):
    return request.param


@pytest.fixture(scope="module")
def steady(server):
    """One that the tests of a module share and do not stop."""
    served = Served(server=server)
    yield served
    _, errors = served.close()
    assert "Traceback" not in errors


@pytest.fixture
def serve(server):
    running = []

    def start(*arguments, **settings):
        running.append(Served(*arguments, server=server, **settings))
        return running[-1]

    yield start
    for served in running:
        served.close()
