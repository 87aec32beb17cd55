import pytest

from tests.integration.server.served import Served


@pytest.fixture(scope="module", params=["hypercorn", "uvicorn"])
def steady(request):
    """One that the tests of a module share and do not stop."""
    served = Served(server=request.param)
    yield served
    _, errors = served.close()
    assert "Traceback" not in errors


@pytest.fixture(scope="module", params=["hypercorn", "uvicorn"])
def faulty(request):
    """As ``steady``, for an application that is meant to fail."""
    served = Served(server=request.param)
    yield served
    served.close()


@pytest.fixture
def serve():
    """Starts one for this test alone."""
    running = []

    def start(*arguments, **settings):
        running.append(Served(*arguments, **settings))
        return running[-1]

    yield start
    for served in running:
        served.close()
