"""Several processes' worth of runtimes over the same stores."""

import sys

import pytest

from tiketi.infra.runtime import open_runtime


@pytest.fixture
async def runtimes(settings, runtime):
    opened = [open_runtime(settings, service="test") for _ in range(4)]
    yield opened
    for other in opened:
        await other.close()


@pytest.fixture
def note(capsys):
    """Say a measured figure, whatever pytest captures."""

    def say(words):
        with capsys.disabled():
            sys.stdout.write(f"\n{words}\n")

    return say
