"""The auth service as it runs: revoked tokens refused at once."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from tests.http.auth.people import People
from tests.support.client import Client, open_client
from tiketi.infra.runtime import Runtime
from tiketi.kernel.clock import SystemClock
from tiketi.services.registry import get_service
from tiketi.services.revocation import is_revoked


class MovableClock(SystemClock):
    """The present, and as much later as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.fixture
def clock(runtime: Runtime) -> MovableClock:
    runtime.clock = MovableClock()
    return runtime.clock


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[Client]:
    runtime.is_revoked = is_revoked
    async with open_client(runtime, get_service("auth")) as client:
        yield client


@pytest.fixture
def people(client: Client) -> People:
    return People(client)
