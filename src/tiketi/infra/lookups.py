"""What is asked for together by its key is read together, in one statement.

A read of one row costs a process several times what the row itself does. Nobody waits for others
to ask, and what one hears was read after they asked.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from tiketi.infra.batching import Batcher
from tiketi.infra.postgres import Database, Reader

BATCH_MAX = 128
WAITING_MAX = 5_000
WAIT_SECONDS_MAX = 3.0

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lookups(Generic[K, V]):
    """``read`` gives what there is of the keys, which are distinct, from the writer."""

    def __init__(
        self,
        name: str,
        database: Database,
        read: Callable[[Reader, Sequence[K]], Awaitable[Mapping[K, V]]],
    ) -> None:
        self._database = database
        self._read = read
        self._batcher: Batcher[K, V | None] = Batcher(
            name,
            self._read_all,
            batch_max=BATCH_MAX,
            waiting_max=WAITING_MAX,
            wait_seconds_max=WAIT_SECONDS_MAX,
        )

    async def find(self, key: K) -> V | None:
        """What the key names at this moment. Unavailable while too many ask, or the database is
        away.
        """
        return await self._batcher.submit(key)

    async def _read_all(self, keys: Sequence[K]) -> Sequence[V | None]:
        async with self._database.latest() as reader:
            found = await self._read(reader, list(dict.fromkeys(keys)))
        return [found.get(key) for key in keys]
