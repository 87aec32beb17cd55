"""One task serves every mailbox, and nobody who reads slowly or breaks holds up another."""

import asyncio

import pytest

from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.ids import new_id
from tiketi.live.connection import Connection
from tiketi.live.messages import PING, Kind, Message
from tiketi.live.postman import EMPTIED_AT_ONCE_MAX, Postman


@pytest.fixture
def postman():
    return Postman()


def connect(postman, deliver):
    return Connection(Actor(new_id(), Role.USER), new_id(), deliver, postman)


def reader(got):
    async def deliver(message):
        got.append(message.text)

    return deliver


async def test_all_are_served_in_turn_by_one_task(postman):
    got, tasks = [], set()

    async def deliver(message):
        tasks.add(asyncio.current_task())
        got.append(message.text)

    connections = [connect(postman, deliver) for _ in range(2 * EMPTIED_AT_ONCE_MAX + 1)]
    for number, connection in enumerate(connections):
        connection.post(Message(Kind.POSITION, str(number)))
    await asyncio.sleep(0.01)
    assert got == [str(number) for number in range(len(connections))]
    assert len(tasks) == 1


async def test_one_who_does_not_read_holds_up_nobody(postman):
    got, reads = [], asyncio.Event()

    async def deliver(_message):
        await reads.wait()
        got.append("slow")

    slow, others = connect(postman, deliver), [connect(postman, reader(got)) for _ in range(3)]
    for connection in (slow, *others):
        connection.post(PING)
    await asyncio.sleep(0.01)
    assert got == [PING.text] * 3
    slow.post(Message(Kind.STATUS, "later"))
    others[0].post(PING)
    await asyncio.sleep(0.01)
    assert got == [PING.text] * 4
    assert slow.is_stalled(0.0)
    reads.set()
    await asyncio.sleep(0.01)
    assert got[4:] == ["slow", "slow"]
    assert not slow.is_stalled(0.0)


async def test_a_deadline_of_one_who_does_not_read_ends_only_their_delivery(postman):
    got = []

    async def deliver(_message):
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()

    slow, other = connect(postman, deliver), connect(postman, reader(got))
    slow.post(PING)
    other.post(PING)
    await asyncio.sleep(0.05)
    other.post(PING)
    await asyncio.sleep(0.01)
    assert got == [PING.text] * 2
    assert not slow.is_stalled(0.0)


async def test_a_delivery_that_breaks_stops_no_other(postman):
    got = []

    async def deliver(_message):
        raise ValueError("broken")

    for connection in (connect(postman, deliver), connect(postman, reader(got))):
        connection.post(PING)
    await asyncio.sleep(0.01)
    assert got == [PING.text]


async def test_who_ends_while_a_delivery_waits_takes_nobody_along(postman):
    got = []

    async def deliver(_message):
        await asyncio.Event().wait()

    async def listen():
        await asyncio.Event().wait()
        return 0

    slow, other = connect(postman, deliver), connect(postman, reader(got))
    running = asyncio.create_task(slow.run(listen))
    slow.post(PING)
    await asyncio.sleep(0.01)
    other.post(PING)
    slow.end(1012)
    assert await running == 1012
    await asyncio.sleep(0.01)
    assert got == [PING.text]
