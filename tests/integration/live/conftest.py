import pytest

from tests.support.live import LiveService


@pytest.fixture(scope="module", params=["hypercorn", "uvicorn"])
async def service(request, base_settings, tmp_path_factory):
    """Over the stores that the tests use too; those of a module share it and do not stop it."""
    log = tmp_path_factory.mktemp("live") / "queue.log"
    started = LiveService(base_settings, log, server=request.param)
    yield await started.wait_ready()
    said = started.close()
    assert "Traceback" not in said, said
    assert "tick_failed" not in said, said


@pytest.fixture
async def serve(runtime, settings, tmp_path):
    """Starts one with settings of its own."""
    running = []

    async def start(**changes):
        log = tmp_path / f"queue-{len(running)}.log"
        running.append(LiveService(settings, log, **changes))
        return await running[-1].wait_ready()

    yield start
    for started in running:
        said = started.close()
        assert "Traceback" not in said, said
