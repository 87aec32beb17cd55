"""A mailbox is bounded, and the newest standing replaces the one before it."""

import asyncio

import pytest

from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.ids import new_id
from tiketi.live.connection import SEATS_WAITING_MAX, Connection
from tiketi.live.messages import PING, Kind, Message
from tiketi.live.postman import Postman


class Reader:
    """A client that reads only while ``reads`` is set."""

    def __init__(self):
        self.reads = asyncio.Event()
        self.got = []

    async def __call__(self, message):
        await self.reads.wait()
        self.got.append(message.text)


@pytest.fixture
def reader():
    return Reader()


@pytest.fixture
async def connection(reader):
    connection = Connection(Actor(new_id(), Role.USER), new_id(), reader, Postman())

    async def forever():
        await asyncio.Event().wait()
        return 0

    running = asyncio.create_task(connection.run(forever))
    await asyncio.sleep(0)
    yield connection
    connection.end(1000)
    assert await running == connection.end_code


async def test_a_newer_standing_replaces_an_older(connection, reader):
    connection.post(PING)
    await asyncio.sleep(0)
    for turn in range(100):
        connection.post(Message(Kind.POSITION, str(turn)))
    connection.post(Message(Kind.ADMITTED, "in"))
    reader.reads.set()
    await asyncio.sleep(0.01)
    assert reader.got == [PING.text, "in"]


async def test_seats_keep_their_order_and_the_oldest_go(connection, reader):
    connection.post(PING)
    await asyncio.sleep(0)
    for turn in range(SEATS_WAITING_MAX + 5):
        connection.post(Message(Kind.SEATS, str(turn)))
    reader.reads.set()
    await asyncio.sleep(0.01)
    assert reader.got[1:] == [str(turn) for turn in range(5, SEATS_WAITING_MAX + 5)]


async def test_who_does_not_read_is_stalled(connection, reader):
    assert not connection.is_stalled(0.0)
    connection.post(PING)
    await asyncio.sleep(0.02)
    assert connection.is_stalled(0.01)
    reader.reads.set()
    await asyncio.sleep(0.01)
    assert not connection.is_stalled(0.0)


async def test_the_first_end_counts_and_nothing_is_delivered_after_it(connection, reader):
    connection.end(4429)
    connection.end(1012)
    connection.post(PING)
    reader.reads.set()
    await asyncio.sleep(0.01)
    assert (connection.end_code, reader.got) == (4429, [])


async def test_one_that_ended_before_it_ran_answers_its_code(reader):
    connection = Connection(Actor(new_id(), Role.USER), new_id(), reader, Postman())
    connection.end(1012)

    async def never():
        raise AssertionError("nobody listens")

    assert await connection.run(never) == 1012


async def test_a_client_who_reads_is_written_to_past_the_mailbox(connection, reader):
    written = []
    connection.try_text = lambda text: written.append(text) or True
    connection.post(PING)
    connection.post(Message(Kind.SEATS, "seats"))
    assert (written, reader.got) == ([PING.text, "seats"], [])


async def test_nothing_overtakes_what_waits_in_the_mailbox(connection, reader):
    written, reads = [], [False, True, True]
    connection.try_text = lambda text: reads.pop(0) and (written.append(text) or True)
    connection.post(Message(Kind.SEATS, "first"))
    connection.post(Message(Kind.SEATS, "second"))
    reader.reads.set()
    await asyncio.sleep(0.01)
    connection.post(Message(Kind.SEATS, "third"))
    assert (reader.got, written) == (["first", "second"], ["third"])
