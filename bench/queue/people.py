"""Synthetic people: thousands who take their places through the library's own way to the store."""

import asyncio
from collections.abc import Iterable
from uuid import UUID

from bench.queue.crowd import hello_of
from bench.stage import token_of
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.ids import new_id
from tiketi.queue import api as queue
from tiketi.queue import store

# Several hundred at once fill the flights of the store's lane; more would only wait.
JOINING_MAX = 512


async def fill(runtime: Runtime, event_id: UUID, people: int) -> None:
    """So many more wait: the store's plain join, and the whole of joining where that says so.

    Numbers come from PostgreSQL, a block at a time, whenever the store runs out of them.
    """
    left, one_at_a_time = people, asyncio.Lock()

    async def join_some() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            user_id = new_id()
            if await store.join_plain(runtime.redis, event_id, user_id) is not None:
                continue
            # The first of them gets the numbers for all.
            async with one_at_a_time:
                if await store.join_plain(runtime.redis, event_id, user_id) is None:
                    await _join(runtime, event_id, user_id)

    await asyncio.gather(*(join_some() for _ in range(min(people, JOINING_MAX))))


async def join_with_hello(runtime: Runtime, event_id: UUID, people: int) -> list[bytes]:
    """So many signed-in people more wait: the hello of each as a frame."""
    user_ids = [new_id() for _ in range(people)]
    for batch in _batches(user_ids):
        await asyncio.gather(*(_join(runtime, event_id, user_id) for user_id in batch))
    return [hello_of(access_token=token_of(runtime, user_id)) for user_id in user_ids]


async def _join(runtime: Runtime, event_id: UUID, user_id: UUID) -> None:
    actor = Actor(user_id, Role.USER)
    await queue.join_queue(runtime, actor, event_id, receipt=None, now=runtime.clock.now())


def _batches(user_ids: list[UUID]) -> Iterable[list[UUID]]:
    for start in range(0, len(user_ids), JOINING_MAX):
        yield user_ids[start : start + JOINING_MAX]
