"""What the store promises on a cluster as on one server: who asks it must not know which it is."""

import asyncio
import shutil
from functools import partial

import pytest

from tests.support.cluster import mend
from tests.support.stores import ON_EACH_STORE
from tests.support.waiting_room import until
from tiketi.infra.embedded import EmbeddedValkey, pick_free_port, throwaway_directory
from tiketi.infra.embedded.cluster_node import ClusterNode
from tiketi.infra.embedded.process import wait_until
from tiketi.infra.keyspace import Pool, tag_for
from tiketi.infra.lua import LuaScript
from tiketi.infra.redis import RedisStore
from tiketi.kernel.errors import Unavailable

COUNT = LuaScript("test:count", "return redis.call('INCR', KEYS[1])")

QUEUE_SHARD = 1


def key_in(pool, number=0):
    return f"test:{{{tag_for(pool, number)}}}:{number}"


@ON_EACH_STORE
async def test_commands_at_once_from_the_first_on_all_get_their_reply(runtime, settings):
    keys = [key_in(pool, number) for pool in Pool for number in range(5)]
    fresh = RedisStore(settings)
    replies = await asyncio.gather(
        *(fresh.run(COUNT, [key], []) for key in keys * 20),
        *(fresh.command("INCR", key) for key in keys * 20),
    )
    await fresh.close()
    assert sorted(replies) == sorted([*range(1, 41)] * len(keys))


@ON_EACH_STORE
async def test_more_commands_at_once_than_connections_wait_for_their_turn(runtime):
    key = key_in(Pool.CACHE)
    replies = await asyncio.gather(*(runtime.redis.command("INCR", key) for _ in range(500)))
    assert sorted(replies) == list(range(1, 501))


@ON_EACH_STORE
async def test_emptying_empties_every_shard(runtime):
    keys = [key_in(pool, number) for pool in Pool for number in range(5)]
    for key in keys:
        await runtime.redis.command("SET", key, "1")
    await runtime.redis.command("FLUSHALL")
    assert [await runtime.redis.command("EXISTS", key) for key in keys] == [0] * len(keys)


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
async def test_a_store_that_nobody_serves_is_unavailable(settings, scheme):
    url = f"{scheme}://127.0.0.1:{pick_free_port()}"
    away = RedisStore(settings.model_copy(update={"redis_url": url}))
    with pytest.raises(Unavailable):
        await away.command("GET", "x")
    with pytest.raises(Unavailable):
        await away.run(COUNT, ["x"], [])
    await away.close()


async def test_any_node_of_several_named_is_enough(cluster, settings):
    login, _, hosts = cluster.url().rpartition("@")
    url = f"{login}@127.0.0.1:{pick_free_port()},{hosts.split(',')[0]}"
    store = RedisStore(settings.model_copy(update={"redis_url": url}))
    assert await store.command("SET", key_in(Pool.LOCK), "1") in (True, b"OK")
    await store.close()


@pytest.fixture
def directory():
    made = throwaway_directory("tiketi-test-")
    yield made
    shutil.rmtree(made)


@pytest.fixture
def demoted(directory):
    """A server that became the replica of one that is gone."""
    with EmbeddedValkey(
        directory / "valkey", settings={"replica-serve-stale-data": "no"}
    ) as valkey:
        yield valkey


@pytest.mark.parametrize("reads_stale", ["yes", "no"])
async def test_a_demoted_server_is_unavailable_and_no_fault_of_ours(settings, demoted, reads_stale):
    store = RedisStore(settings.model_copy(update={"redis_url": demoted.url()}))
    await store.run(COUNT, ["x"], [])
    await store.command("CONFIG", "SET", "replica-serve-stale-data", reads_stale)
    await store.command("REPLICAOF", "127.0.0.1", pick_free_port())
    with pytest.raises(Unavailable):
        await store.run(COUNT, ["x"], [])
    with pytest.raises(Unavailable):
        await store.command("SET", "x", "1")
    await store.close()


def _is_up(node):
    return "cluster_state:ok" in node.command("CLUSTER INFO")


async def test_slots_that_nobody_serves_are_unavailable_and_the_others_are_not(settings, directory):
    with ClusterNode(directory / "node", node_timeout_ms=1_000, settings=None) as node:
        node.command("CLUSTER", "ADDSLOTSRANGE", *Pool.QUEUE.value)
        is_up = partial(wait_until, partial(_is_up, node), timeout_seconds=10)
        assert await asyncio.to_thread(is_up)
        url = node.url().replace("redis://", "redis+cluster://").removesuffix("/0")
        store = RedisStore(settings.model_copy(update={"redis_url": url}))
        assert await store.run(COUNT, [key_in(Pool.QUEUE)], []) == 1
        with pytest.raises(Unavailable):
            await store.run(COUNT, [key_in(Pool.LOCK)], [])
        with pytest.raises(Unavailable):
            await store.command("GET", key_in(Pool.LOCK))
        assert await store.run(COUNT, [key_in(Pool.QUEUE)], []) == 2
        await store.close()


async def test_who_only_sends_commands_finds_the_new_master_too(cluster, settings):
    """Scripts find it on their own way; a process may have none for that shard for minutes."""
    store = RedisStore(settings.model_copy(update={"redis_url": cluster.url()}))
    key = key_in(Pool.QUEUE)
    await store.command("SET", key, "1")

    async def is_back():
        try:
            await store.command("SET", key, "1")
        except Unavailable:
            return False
        return True

    try:
        await asyncio.to_thread(cluster.master_of(QUEUE_SHARD).kill)
        await until(is_back, seconds_max=30)
    finally:
        await asyncio.to_thread(mend, cluster)
        await store.close()
