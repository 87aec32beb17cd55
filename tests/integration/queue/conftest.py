"""Several processes' worth of runtimes over the same stores."""

import pytest

from tiketi.infra.runtime import open_runtime


@pytest.fixture
async def runtimes(settings, runtime):
    opened = [open_runtime(settings, service="test") for _ in range(4)]
    yield opened
    for other in opened:
        await other.close()
