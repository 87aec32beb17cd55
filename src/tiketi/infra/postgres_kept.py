"""Connections for short reads, kept at hand between them.

To take a connection from SQLAlchemy's pool and give it back costs a process four times what a small
statement does. So who is done with one leaves it here, as it is, for the next. None of those that
others may take from the pool is kept from them: there are never more here than places are free.
"""

import asyncio

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tiketi.infra.gate import Gate
from tiketi.infra.postgres_engine import is_current


class KeptConnections:
    """Idle connections of an engine whose statements commit by themselves. Whoever takes one, or
    one of the pool, has a place of the gate.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._idle: list[AsyncConnection] = []

    async def take(self, gate: Gate) -> AsyncConnection:
        while self._idle:
            connection = self._idle.pop()  # the last one used: the others may be closed by the pool
            if is_current(connection):
                return connection
            await connection.close()
        await self.make_room(gate)
        return await self._engine.connect()

    async def give_back(self, connection: AsyncConnection) -> None:
        """One that is as good as new: no statement of it failed, or was given up."""
        if connection.in_transaction():
            await connection.rollback()  # Core's notion; the server has none
        self._idle.append(connection)

    async def make_room(self, gate: Gate) -> None:
        """Leave the pool one for each place of the gate that is taken."""
        while len(self._idle) > gate.free:
            await asyncio.shield(self._idle.pop(0).close())

    async def drop(self) -> None:
        """Give all to the pool."""
        while self._idle:
            await asyncio.shield(self._idle.pop().close())
