import pytest

from tests.support.clock import ShiftedClock
from tests.support.on_sale import General, Section, open_sale
from tests.support.paying import Buyer


@pytest.fixture
def clock(runtime):
    runtime.clock = ShiftedClock()
    return runtime.clock


@pytest.fixture
async def event(runtime, clock):
    return await open_sale(
        runtime,
        sections=[Section("A", rows=20, seats_per_row=20)],
        general=[General("Free", capacity=50, price=0), General("Standing", capacity=50)],
    )


@pytest.fixture
def anna(client, event):
    return Buyer(client, event)


@pytest.fixture
def boris(client, event):
    return Buyer(client, event)
