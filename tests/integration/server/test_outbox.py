"""What waits to be written is written in order, whole, and before anything that ends it."""

import asyncio
import socket

import pytest

from tiketi.services.server.outbox import Outbox


class Peer(asyncio.Protocol):
    """The other end of a connection: what came, and whether it has ended."""

    def __init__(self):
        self.received = b""
        self.ended = asyncio.Event()

    def data_received(self, data):
        self.received += data

    def connection_lost(self, _error):
        self.ended.set()


@pytest.fixture
async def ends():
    """A server's transport and the client at its other end."""
    loop = asyncio.get_running_loop()
    accepted = loop.create_future()

    class Own(asyncio.Protocol):
        def connection_made(self, transport):
            accepted.set_result(transport)

    server = await loop.create_server(Own, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport, peer = await loop.create_connection(Peer, "127.0.0.1", port)
    own = await accepted
    yield own, peer
    own.abort()
    transport.abort()
    server.close()


async def ended(peer):
    async with asyncio.timeout(5):
        await peer.ended.wait()
    return peer.received


async def test_answers_of_a_turn_arrive_in_their_order(ends):
    own, peer = ends
    outbox = Outbox(asyncio.get_running_loop())
    for number in range(100):
        outbox.put(own, b"%d," % number)
    asyncio.get_running_loop().call_soon(own.close)  # after what was put: it is the later callback
    assert await ended(peer) == b"".join(b"%d," % number for number in range(100))


async def test_what_is_written_at_once_overtakes_nothing(ends):
    own, peer = ends
    outbox = Outbox(asyncio.get_running_loop())
    outbox.put(own, b"first")
    outbox.write(own, b"second")
    own.close()
    assert await ended(peer) == b"firstsecond"


async def test_connection_that_is_gone_takes_nobody_elses_answer_along(ends):
    own, peer = ends
    outbox = Outbox(asyncio.get_running_loop())
    left, right = socket.socketpair()
    gone, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=left)
    outbox.put(gone, b"nobody's")
    outbox.put(own, b"mine")
    right.close()
    gone.abort()
    outbox.flush()
    own.close()
    assert await ended(peer) == b"mine"
