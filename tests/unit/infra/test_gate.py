"""Who waits for a connection, who is refused, and how it ends."""

import asyncio

import pytest

from tiketi.infra.gate import STALL_SECONDS, Gate
from tiketi.kernel.errors import Unavailable


class Server:
    """Answers probes once it is back."""

    def __init__(self) -> None:
        self.back = asyncio.Event()
        self.probes = 0

    async def probe(self) -> None:
        self.probes += 1
        if not self.back.is_set():
            raise OSError("refused")


@pytest.fixture
async def server():
    return Server()


@pytest.fixture
async def gate(server):
    gate = Gate(2, wait_seconds=5.0, probe=server.probe)
    yield gate
    await gate.aclose()


async def hold(gate, until):
    async with gate.place():
        await until.wait()


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_are_inside_than_there_are_places(gate):
    inside, most = 0, 0

    async def call():
        nonlocal inside, most
        async with gate.place():
            inside, most = inside + 1, max(most, inside + 1)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(call() for _ in range(50)))
    assert most == 2


async def test_whoever_waits_is_told_at_once_that_the_server_is_away(gate, server):
    end = asyncio.Event()
    held = [asyncio.create_task(hold(gate, end)) for _ in range(2)]
    await settle()
    waiting = [asyncio.create_task(hold(gate, end)) for _ in range(20)]
    await settle()
    gate.found_away()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(each) for each in found} == {Unavailable}
    with pytest.raises(Unavailable):
        await hold(gate, end)
    end.set()
    await asyncio.gather(*held)
    server.back.set()
    async with asyncio.timeout(2):
        while True:
            try:
                await hold(gate, end)
            except Unavailable:
                await asyncio.sleep(0.01)
            else:
                break
    assert server.probes <= 3, "one at a time, with pauses"


async def test_a_hang_is_noticed_by_places_that_do_not_move(gate):
    never = asyncio.Event()
    held = [asyncio.create_task(hold(gate, never)) for _ in range(2)]
    await settle()
    async with asyncio.timeout(2 * STALL_SECONDS + 0.5):
        with pytest.raises(Unavailable):
            await hold(gate, never)
    never.set()
    await asyncio.gather(*held)


async def test_a_caller_who_leaves_takes_no_place_along(gate):
    end = asyncio.Event()
    held = [asyncio.create_task(hold(gate, end)) for _ in range(2)]
    await settle()
    waiting = [asyncio.create_task(hold(gate, end)) for _ in range(4)]
    await settle()
    end.set()
    for each in waiting[:3]:
        each.cancel()
    await asyncio.gather(*held, *waiting, return_exceptions=True)
    async with asyncio.timeout(1):
        await asyncio.gather(*(hold(gate, end) for _ in range(2)))
