"""Copies in Redis made older, as if a test had waited."""

from tests.support.stores import keys_like
from tiketi.infra.runtime import Runtime


async def age_copies(runtime: Runtime, *, seconds: float) -> None:
    """What processes share of the database's answers was read so much longer ago."""
    for key in await keys_like(runtime, "event:*"):
        true_at = await runtime.redis.client.hget(key, "true_at")
        if true_at is not None:
            aged = max(1, int(true_at) - int(seconds * 1000))
            await runtime.redis.client.hset(key, "true_at", aged)
