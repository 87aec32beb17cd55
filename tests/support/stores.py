"""Which Redis a test runs on: one server, or the cluster of six shards."""

import pytest
from redis.asyncio import RedisCluster

from tiketi.infra.runtime import Runtime

ON_EACH_STORE = pytest.mark.parametrize("store_kind", ["standalone", "cluster"], indirect=True)
# The gate runs these on one server, `make chaos` on the cluster too.
ON_EACH_STORE_LONG = pytest.mark.parametrize(
    "store_kind", ["standalone", pytest.param("cluster", marks=pytest.mark.long)], indirect=True
)


async def keys_like(runtime: Runtime, pattern: str) -> list[bytes]:
    """The keys of every master that match, sorted."""
    client = runtime.redis.client
    if not isinstance(client, RedisCluster):
        return sorted(await client.keys(pattern))
    nodes = client.get_primaries()
    found = [await client.execute_command("KEYS", pattern, target_nodes=node) for node in nodes]
    return sorted(key for keys in found for key in keys)
