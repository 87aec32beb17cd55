"""A way to a store on which replies are lost: what was asked is done, and nobody hears of it."""

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

from tiketi.infra.embedded.ports import LOOPBACK, pick_free_port

CHUNK_BYTES = 65_536


class LossyProxy:
    """Forwards to ``store_url``. Each reply, or the replies that came together, is thrown away with
    probability ``lost_share``, and its connection cut. ``lost`` counts them.
    """

    def __init__(self, store_url: str, *, lost_share: float, seed: int) -> None:
        self._store = urlsplit(store_url)
        self._port = pick_free_port()
        self._rng = random.Random(seed)
        self.lost_share = lost_share
        self.lost = 0

    @property
    def url(self) -> str:
        """The store's URL by way of the proxy."""
        login = self._store.netloc.rpartition("@")[0]
        return urlunsplit(self._store._replace(netloc=f"{login}@{LOOPBACK}:{self._port}"))

    @asynccontextmanager
    async def serve(self):
        async with await asyncio.start_server(self._carry, LOOPBACK, self._port):
            yield self

    async def _carry(self, reader, writer):
        try:
            there = await asyncio.open_connection(self._store.hostname, self._store.port)
        except OSError:
            writer.close()
            return
        ways = (self._forward(reader, there[1]), self._reply(there[0], writer))
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for end in (writer, there[1]):
                end.transport.abort()

    async def _forward(self, reader, writer):
        with suppress(OSError):
            while requests := await reader.read(CHUNK_BYTES):
                writer.write(requests)
                await writer.drain()

    async def _reply(self, reader, writer):
        with suppress(OSError):
            while replies := await reader.read(CHUNK_BYTES):
                if self._rng.random() < self.lost_share:
                    self.lost += 1
                    return
                writer.write(replies)
                await writer.drain()
