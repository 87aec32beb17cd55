import pytest

from tests.http.admin.house import hire
from tests.support.clock import ShiftedClock
from tiketi.kernel.actor import Role


@pytest.fixture
def clock(runtime):
    runtime.clock = ShiftedClock()
    return runtime.clock


@pytest.fixture
async def admin(client):
    return await hire(client, Role.ADMIN, "admin")


@pytest.fixture
async def organizer(client):
    return await hire(client, Role.ORGANIZER, "organizer")


@pytest.fixture
async def rival(client):
    """Another organizer."""
    return await hire(client, Role.ORGANIZER, "rival")


@pytest.fixture
async def staff(client):
    return await hire(client, Role.STAFF, "staff")
