"""The event service as it is deployed: its own modules, its own database role."""

from collections.abc import AsyncIterator

import pytest

from tests.support.client import Client, open_client
from tests.support.clock import ShiftedClock
from tiketi.infra.runtime import Runtime, open_runtime
from tiketi.services.registry import get_service
from tiketi.settings import Settings


@pytest.fixture
async def client(runtime: Runtime, settings: Settings) -> AsyncIterator[Client]:
    service = get_service("event")
    own = open_runtime(
        settings.model_copy(update={"database_role": service.role}), service=service.name
    )
    own.clock = ShiftedClock()
    async with open_client(own, service) as client:
        yield client
    await own.close()


@pytest.fixture
def clock(client: Client) -> ShiftedClock:
    clock = client.runtime.clock
    assert isinstance(clock, ShiftedClock)
    return clock
